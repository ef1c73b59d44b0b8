"""Keys of records, for people: a key may be as large as a record may be, and is then no key of ours."""

from typing import Final

KEY_BYTES_MAX: Final = 200
"""More than any key of ours has."""


def key_text(key: bytes | None) -> str:
    """Return a key as text. What is too long for a key of ours is cut, and says so: it matches no pattern of ours."""
    if key is None:
        return ""
    text = key[:KEY_BYTES_MAX].decode(errors="replace")
    return text if len(key) <= KEY_BYTES_MAX else f"{text}... ({len(key)} bytes)"
