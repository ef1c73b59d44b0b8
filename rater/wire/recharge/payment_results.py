"""Payment results from bytes: `decode_result` gives a result, or says why not. Others may write a gateway."""

import msgspec

from rater.wire.malformed import Malformed
from rater.wire.strict import read_strictly
from topics.records.payments import AnyResult

_decode = msgspec.json.Decoder(AnyResult).decode


def decode_result(value: bytes | None) -> AnyResult | Malformed:
    """Read one result; never raises."""
    result: AnyResult | Malformed = read_strictly(_decode, value)
    return result
