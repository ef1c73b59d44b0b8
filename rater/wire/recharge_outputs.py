"""What recharge writes, as bytes: payment commands and notices as they are, credits as account commands, quarantine."""

import msgspec

from rater.core.cdr import Source
from rater.core.payments import Credit, Quarantine, QuarantinedResult, Result
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
