"""Lot names: what a lot is called that no command names."""

from hashlib import blake2b

_ID_MAX = 128


def adjustment_lot_id(command_id: str) -> str:
    """Return the id that an adjustment has in this: that of its lot, if it opens one."""
    name = f"adjust:{command_id}"
    if len(name) <= _ID_MAX:
        return name
    return f"{name[:95]}:{blake2b(command_id.encode(), digest_size=16).hexdigest()}"
