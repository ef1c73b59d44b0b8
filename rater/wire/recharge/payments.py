"""Payment orders from bytes: `decode_payment_order` gives a `PaymentCommand` or a `PaymentCancel`, or says why not."""

import msgspec

from rater.wire.malformed import Malformed
from rater.wire.strict import read_strictly
from topics.records import PaymentCancel, PaymentCommand

_decode = msgspec.json.Decoder(PaymentCommand | PaymentCancel).decode


def decode_payment_order(value: bytes | None) -> PaymentCommand | PaymentCancel | Malformed:
    """Read one record of the topic; never raises. Only recharge writes them, so an unknown field is a fault."""
    order: PaymentCommand | PaymentCancel | Malformed = read_strictly(_decode, value)
    return order
