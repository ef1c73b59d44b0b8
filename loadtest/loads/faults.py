"""Faults: why a load cannot be made, read or audited."""


class LoadError(Exception):
    """It cannot; the message names file and field."""
