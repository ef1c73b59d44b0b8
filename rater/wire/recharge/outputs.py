"""What recharge writes, as bytes: payment commands and notices as they are, credits as account commands, quarantine."""

import msgspec

from rater.core.cdr import Source
from rater.core.recharge.payments import Credit, Quarantine, QuarantinedResult, Result, Reversal
from rater.wire.outputs import encode
from rater.wire.times import to_text


class _AddFunds(msgspec.Struct, tag_field="type", tag="add_funds"):
    """The account command that credits a captured payment."""

    command_id: str
    tenant_id: str
    lot_id: str
    amount_micros: int
    currency: str
    purchased_at: str
    recharge_seq: int
    payment_command_id: str


class _ReversePayment(msgspec.Struct, tag_field="type", tag="reverse_payment"):
    """The account command that takes money of a payment back."""

    command_id: str
    tenant_id: str
    payment_id: str
    amount_micros: int
    reversed_micros: int
    currency: str
    reversal_id: str
    reversal: str


class _RestorePayment(_ReversePayment, tag_field="type", tag="restore_payment"):
    """The account command that gives it back."""


def encode_order(order: Credit | Reversal) -> bytes:
    """Return the account command of what recharge asks of an account."""
    if isinstance(order, Credit):
        return encode_credit(order)
    kind = _RestorePayment if order.is_restored else _ReversePayment
    return encode(kind(*[getattr(order, name) for name in kind.__struct_fields__]))


def encode_credit(credit: Credit) -> bytes:
    """Return the account command of a credit."""
    return encode(
        _AddFunds(
            credit.command_id,
            credit.tenant_id,
            credit.lot_id,
            credit.amount_micros,
            credit.currency,
            to_text(credit.purchased_ms),
            credit.recharge_seq,
            credit.payment_command_id,
        )
    )


def encode_quarantined(value: bytes, source: Source, result: Result, why: Quarantine) -> bytes:
    """Return the quarantine record of a result."""
    return encode(
        QuarantinedResult(
            f"{source.topic}/{source.partition}/{source.offset}",
            why.reason,
            why.detail[:1000],
            result.tenant_id,
            result.command_id,
            source.at_ms,
            source.topic,
            source.partition,
            source.offset,
            value.decode(),
            getattr(result, "payment_id", None),
        )
    )
