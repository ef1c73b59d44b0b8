"""Originals: ledger entries read back, which corrections refer to."""

from typing import Final

import msgspec

from topics.records import Charge, ChargeReversed

Posted = Charge | ChargeReversed
"""What a CDR comes to on the ledger."""

_decode: Final = msgspec.json.Decoder(Posted).decode


def decode_posted(value: bytes) -> Posted:
    """Read a charge or its reversal, as we wrote it; anything else is a broken invariant."""
    try:
        posted: Posted = _decode(value)
    except msgspec.MsgspecError as error:
        raise AssertionError(f"no charge and no reversal: {error}: {value[:200]!r}") from error
    return posted
