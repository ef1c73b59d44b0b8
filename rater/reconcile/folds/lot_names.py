"""Lot names: what a lot is called that no command names."""

from hashlib import blake2b

_ID_MAX = 128
GIVEN = ("returned:", "restored:", "reversed:")
"""How names begin that no purchase may have."""


def adjustment_lot_id(command_id: str) -> str:
    """Return the id that an adjustment has in this: that of its lot, if it opens one."""
    return _named(f"adjust:{command_id}", command_id)


def restored_lot_id(command_id: str) -> str:
    """Return the id of the lot of money that was restored."""
    return _named(f"restored:{command_id}", command_id)


def reversed_lot_id(command_id: str) -> str:
    """Return the id that a reversal has in this; it opens no lot."""
    return _named(f"reversed:{command_id}", command_id)


def _named(name: str, command_id: str) -> str:
    if len(name) <= _ID_MAX:
        return name
    return f"{name[:95]}:{blake2b(command_id.encode(), digest_size=16).hexdigest()}"
