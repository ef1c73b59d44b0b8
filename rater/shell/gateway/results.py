"""Results as they are written to `payment.results.v1`."""

from typing import Any, NamedTuple

import msgspec

from rater.shell.gateway.providers.provider import (
    Captured,
    Declined,
    LateOutcome,
    Mode,
    MovedBack,
)
from rater.wire.outputs import encode


class Origin(NamedTuple):
    """Whose word a result is: the provider, and the mode that the gateway was started in."""

    provider: str
    mode: Mode


class _Result(msgspec.Struct, omit_defaults=True, kw_only=True, tag_field="outcome"):
    command_id: str
    tenant_id: str
    at_ms: int
    provider: str
    mode: str


class Succeeded(_Result, tag="succeeded"):
    """The money was captured."""

    payment_id: str
    amount_micros: int
    currency: str
    livemode: bool


class Refused(_Result, tag="declined"):
    """Nothing was captured."""

    decline_class: str
    code: str
    detail: str
    payment_id: str | None = None


class Reversed(_Result, tag="reversed"):
    """Money was taken back of a captured payment."""

    payment_id: str
    reversal_id: str
    reversal: str
    reversed_micros: int
    currency: str
    restored_micros: int = 0


class Restored(Reversed, tag="restored"):
    """Money that was taken back came back."""


AnyResult = Succeeded | Refused | Reversed | Restored


class Unknown(_Result, tag="unknown"):
    """The gateway could not find out."""

    detail: str


def result_of(told: LateOutcome, origin: Origin, at_ms: int) -> AnyResult | Unknown:
    """Return the result that tells an outcome; `at_ms` is when the gateway learnt it."""
    outcome = told.outcome
    head: dict[str, Any] = {
        "command_id": told.command_id,
        "tenant_id": told.tenant_id,
        "at_ms": at_ms,
        "provider": origin.provider,
        "mode": origin.mode,
    }
    if isinstance(outcome, Captured):
        return Succeeded(
            **head, payment_id=outcome.payment_id, amount_micros=outcome.amount_micros,
            currency=outcome.currency, livemode=outcome.livemode,
        )  # fmt: skip
    if isinstance(outcome, MovedBack):
        kind = Restored if outcome.is_restored else Reversed
        names = [name for name in kind.__struct_fields__ if name not in head]
        return kind(**head, **{name: getattr(outcome, name) for name in names})
    if isinstance(outcome, Declined):
        return Refused(
            **head, decline_class=outcome.decline_class, code=outcome.code,
            detail=outcome.detail, payment_id=outcome.payment_id,
        )  # fmt: skip
    return Unknown(**head, detail=outcome.detail)


def encode_result(told: LateOutcome, origin: Origin, at_ms: int) -> bytes:
    """Return the result's record."""
    return encode(result_of(told, origin, at_ms))
