"""PaymentIntents: what one says of the money, as an outcome. Pure: dicts in, values out.

| status | outcome |
|---|---|
| succeeded | captured, as much as `amount_received` says |
| processing, requires_capture | unclear: a webhook or the next look-up will tell |
| requires_payment_method with an error | declined, by that error's code |
| canceled | declined; if we cancelled it because its holder must act: hard; if it took a withdrawn command's key: so |
| anything else | still open: it could be captured later, so it is cancelled before it is called declined |
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from rater.shell.gateway.providers.provider import (
    LateOutcome,
    MovedBack,
    Outcome,
    Succeeded,
    Unknown,
)
from rater.shell.gateway.providers.stripe.declines import declined
from rater.shell.gateway.providers.stripe.minor_units import to_micros
from topics.fields import Id, TenantId

Intent = Mapping[str, Any]

OUR_KEYS = ("command_id", "tenant_id", "recharge_id")
"""What we write into an intent's metadata."""
WITHDRAWN = "withdrawn"
"""Metadata of an intent that was made to take a key, not money: the code of the decline that it stands for."""

CancelReason = Literal["abandoned", "requested_by_customer"]
CANCELLED_THERE = "payment_intent_canceled"
_PENDING = ("processing", "requires_capture")
_ORDER = ("succeeded", "processing", "requires_capture")


class Open(msgspec.Struct, frozen=True):
    """The intent is neither paid nor refused, and must be closed first, for this reason."""

    intent_id: str
    reason: CancelReason


def outcome_of(intent: Intent) -> Outcome | Open:
    """Return what an intent says."""
    status, intent_id = intent.get("status"), str(intent.get("id"))
    if status == "succeeded":
        currency = str(intent["currency"]).upper()
        micros = to_micros(int(intent["amount_received"]), currency)
        return Succeeded(intent_id, micros, currency, bool(intent["livemode"]))
    if status in _PENDING:
        return Unknown(f"the provider has not decided yet ({status})", is_undecided=True)
    error = intent.get("last_payment_error")
    if status == "canceled":
        return _cancelled(intent, intent_id)
    if status == "requires_payment_method" and error:
        return declined(code_of(error), intent_id)
    # An action is the holder's, who is not there; what else is open was left behind by a fault of the provider's.
    return Open(intent_id, "abandoned" if status == "requires_action" else "requested_by_customer")


def _cancelled(intent: Intent, intent_id: str) -> Outcome:
    """Return what a cancelled intent stands for."""
    error = intent.get("last_payment_error")
    metadata = intent.get("metadata") or {}
    if WITHDRAWN in metadata:
        return declined(str(metadata[WITHDRAWN]), intent_id)
    if intent.get("cancellation_reason") == "abandoned":
        return declined("authentication_required", intent_id)
    return declined(code_of(error) if error else CANCELLED_THERE, intent_id)


def code_of(error: Mapping[str, Any]) -> str:
    """Return the code that says most: the issuer's where there is one, else Stripe's."""
    code, issuer = error.get("code"), error.get("decline_code")
    if issuer and code in (None, "card_declined"):
        return str(issuer)
    return str(code or "card_declined")


def belongs_to(intent: Intent, command_id: str) -> bool:
    """Say whether an intent was made for a command."""
    return bool((intent.get("metadata") or {}).get("command_id") == command_id)


def foremost(intents: Iterable[Intent]) -> Intent | None:
    """Return the intent that decides: a captured one before one that may be, before any other."""

    def rank(intent: Intent) -> int:
        status = intent.get("status")
        return _ORDER.index(status) if status in _ORDER else len(_ORDER)

    return min(intents, key=rank, default=None)


class _Ours(msgspec.Struct):
    command_id: Id
    tenant_id: TenantId


def late_outcome(intent: Intent, outcome: Outcome | MovedBack) -> LateOutcome | None:
    """Return an outcome with the command it belongs to; None where the intent is not one of ours."""
    try:
        ours = msgspec.convert(intent.get("metadata") or {}, _Ours)
    except msgspec.ValidationError:
        return None
    return LateOutcome(ours.command_id, ours.tenant_id, outcome)
