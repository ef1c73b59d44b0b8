"""Results as they are written to `payment.results.v1`."""

import msgspec

from rater.shell.gateway.provider import Captured, Declined, LateOutcome
from rater.wire.outputs import encode


class _Result(msgspec.Struct, omit_defaults=True, kw_only=True, tag_field="outcome"):
    command_id: str
    tenant_id: str
    at_ms: int
    provider: str


class Succeeded(_Result, tag="succeeded"):
    """The money was captured."""

    payment_id: str
    amount_micros: int
    currency: str


class Refused(_Result, tag="declined"):
    """Nothing was captured."""

    decline_class: str
    code: str
    detail: str
    payment_id: str | None = None


class Unknown(_Result, tag="unknown"):
    """The gateway could not find out."""

    detail: str


def result_of(told: LateOutcome, provider: str, at_ms: int) -> Succeeded | Refused | Unknown:
    """Return the result that tells an outcome; `at_ms` is when the gateway learnt it."""
    command_id, tenant_id, outcome = told.command_id, told.tenant_id, told.outcome
    if isinstance(outcome, Captured):
        return Succeeded(
            command_id=command_id, tenant_id=tenant_id, at_ms=at_ms, provider=provider,
            payment_id=outcome.payment_id, amount_micros=outcome.amount_micros,
            currency=outcome.currency,
        )  # fmt: skip
    if isinstance(outcome, Declined):
        return Refused(
            command_id=command_id, tenant_id=tenant_id, at_ms=at_ms, provider=provider,
            decline_class=outcome.decline_class, code=outcome.code, detail=outcome.detail,
            payment_id=outcome.payment_id,
        )  # fmt: skip
    return Unknown(
        command_id=command_id, tenant_id=tenant_id, at_ms=at_ms, provider=provider,
        detail=outcome.detail,
    )  # fmt: skip


def encode_result(told: LateOutcome, provider: str, at_ms: int) -> bytes:
    """Return the result's record."""
    return encode(result_of(told, provider, at_ms))
