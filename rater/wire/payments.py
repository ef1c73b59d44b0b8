"""Payment commands from bytes: `decode_payment_command` gives a `PaymentCommand`, or says why not."""

from typing import Annotated

import msgspec
from msgspec import Meta

from rater.core.limits import AMOUNT_MICROS_MAX
from rater.wire.malformed import Malformed
from rater.wire.strict import read_strictly

PaymentId = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+\Z")]
"""Ids of commands, recharges and payments."""

PayingTenant = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:@-]+\Z")]
_Reference = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+\Z")]
_Millis = Annotated[int, Meta(ge=0, le=4_133_980_800_000)]


class PaymentCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Charge an amount to a stored payment method; sent again, it is the same bytes.

    `command_id` is the idempotency key. `method` and `customer` are the provider's references, never card numbers.
    """

    command_id: PaymentId
    tenant_id: PayingTenant
    recharge_id: PaymentId
    attempt: Annotated[int, Meta(ge=1, le=1_000)]
    amount_micros: Annotated[int, Meta(ge=1, le=AMOUNT_MICROS_MAX)]
    currency: Annotated[str, Meta(min_length=3, max_length=3, pattern=r"^[A-Z]{3}\Z")]
    method: _Reference
    customer: _Reference | None = None
    requested_ms: _Millis
    answer_by_ms: _Millis


_decode = msgspec.json.Decoder(PaymentCommand).decode


def decode_payment_command(value: bytes | None) -> PaymentCommand | Malformed:
    """Read one payment command; never raises. Only recharge writes them, so an unknown field is a fault."""
    command: PaymentCommand | Malformed = read_strictly(_decode, value)
    return command
