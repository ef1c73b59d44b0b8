"""Payment orders from bytes: `decode_payment_order` gives a `PaymentCommand` or a `PaymentCancel`, or says why not."""

from typing import Annotated, Literal

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


class PaymentOrder(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"
):
    """What is known of a payment that is to be made, or not to be made after all.

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


class PaymentCommand(PaymentOrder, frozen=True, tag="make_payment"):
    """Charge an amount to a stored payment method; sent again, it is the same bytes."""

    answer_by_ms: _Millis
    """Later it is looked up, and never charged."""


class PaymentCancel(PaymentOrder, frozen=True, tag="cancel_payment"):
    """Consent was withdrawn: do not make this payment any more."""

    reason: Literal["disabled", "account_closed", "method_removed"]


_decode = msgspec.json.Decoder(PaymentCommand | PaymentCancel).decode


def decode_payment_order(value: bytes | None) -> PaymentCommand | PaymentCancel | Malformed:
    """Read one record of the topic; never raises. Only recharge writes them, so an unknown field is a fault."""
    order: PaymentCommand | PaymentCancel | Malformed = read_strictly(_decode, value)
    return order
