"""What recharge writes that is not said by its core: results that must not be credited, in quarantine."""

from rater.core.cdr import Source
from rater.core.recharge.payments import Quarantine
from rater.wire.outputs import encode
from topics.records import PaymentResult, QuarantinedResult


def encode_quarantined(
    value: bytes, source: Source, result: PaymentResult, why: Quarantine
) -> bytes:
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
