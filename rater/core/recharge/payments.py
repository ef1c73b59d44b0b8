"""Payments in their wire form: the command, what results say, and the credit that captured money asks for.

Fields and their meaning are those of `topics.records.payments`; a test holds the two together.
"""

from typing import Final

import msgspec

from topics.records.payments import ReversalKind

EXPIRED: Final = "expired"
"""The code of a decline that no card gave: the command came after its time, and was not charged any more."""


class PaymentCommand(
    msgspec.Struct, frozen=True, omit_defaults=True, gc=False, tag_field="type", tag="make_payment"
):
    """Charge an amount to a stored method; sent again it is the same bytes."""

    command_id: str
    tenant_id: str
    recharge_id: str
    attempt: int
    amount_micros: int
    currency: str
    method: str
    requested_ms: int
    answer_by_ms: int
    customer: str | None = None


class PaymentCancel(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    gc=False,
    tag_field="type",
    tag="cancel_payment",
):
    """Do not make a payment that was asked for, in that command's own words; sent again it is the same bytes."""

    command_id: str
    tenant_id: str
    recharge_id: str
    attempt: int
    amount_micros: int
    currency: str
    method: str
    requested_ms: int
    reason: str
    customer: str | None = None


class Result(msgspec.Struct, frozen=True, gc=False):
    """What every result says."""

    command_id: str
    tenant_id: str
    at_ms: int


class Captured(Result, frozen=True, gc=False):
    """The money was captured."""

    payment_id: str
    amount_micros: int
    currency: str
    mode: str
    """What the gateway was started for, `live` or `test`."""
    livemode: bool
    """What the payment says of itself."""


class Declined(Result, frozen=True, gc=False):
    """Nothing was captured; `is_hard`: this method will not do."""

    is_hard: bool
    code: str


class Unclear(Result, frozen=True, gc=False):
    """The gateway could not find out."""


class MovedBack(Result, frozen=True, gc=False):
    """Money of a captured payment was taken back, or came back; both sums only ever grow.

    Because neither falls, results may come late, twice and in any order: the greatest of each is what holds.
    """

    payment_id: str
    reversal_id: str
    reversal: ReversalKind
    reversed_micros: int
    """All that was ever taken back of the payment."""
    restored_micros: int
    """All of that which came back since."""
    currency: str


class Quarantine(msgspec.Struct, frozen=True, gc=False):
    """Why a readable result must not be credited: the reason, and a sentence that names field and value."""

    reason: str
    detail: str


class QuarantinedResult(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A readable result that must not be credited, whole, with the reason."""

    quarantine_id: str
    reason: str
    detail: str
    tenant_id: str
    command_id: str
    at_ms: int
    source_topic: str
    source_partition: int
    source_offset: int
    result: str
    payment_id: str | None = None
