"""Faults: what of a file or of what was asked makes a replay impossible; messages for whoever typed the command."""


class ReplayError(Exception):
    """It cannot be replayed; the message names the place, what must be there, and what was found."""


SHOWN_MAX = 80


def shown(value: object) -> str:
    """Return what was found, short enough for a line."""
    text = repr(value)
    return text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 3]}..."
