"""Entries of the ledger, read back: whichever kind they are."""

from typing import Any, Final, Union

import msgspec

from topics.catalog import ENTRIES

_decode: Final = msgspec.json.Decoder(Union[ENTRIES]).decode  # noqa: UP007  # A list that is made of all kinds.


def decode_entry(value: bytes | None) -> Any | str:
    """Read an entry; a text says why it is none."""
    try:
        return _decode(value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return str(error)
