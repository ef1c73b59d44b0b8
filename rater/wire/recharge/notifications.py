"""Notifications from bytes: `decode_notification` gives a `Notification` or says why not.

Strict: a field that we do not know is refused, for a letter without it could say something else than was meant.
"""

import re
from typing import Annotated, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import Meta

from rater.core.limits import AMOUNT_MICROS_MAX, RECORD_BYTES_MAX
from rater.wire.command_fields import Email, WebhookUrl
from rater.wire.demands import UNKNOWN_FIELD
from rater.wire.malformed import Malformed, Why, repeated_field, undecodable, unfit
from rater.wire.times import LATEST_MS
from topics.fields import Language

_Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+\Z")]
_EventId = Annotated[str, Meta(min_length=1, max_length=320)]
_Tenant = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:@-]+\Z")]
_Currency = Annotated[str, Meta(min_length=3, max_length=3, pattern=r"^[A-Z]{3}\Z")]
_Name = Annotated[str, Meta(min_length=1, max_length=64)]
_ThresholdId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+\Z")]
_Amount = Annotated[int, Meta(ge=-AMOUNT_MICROS_MAX, le=AMOUNT_MICROS_MAX)]
_Positive = Annotated[int, Meta(ge=1, le=AMOUNT_MICROS_MAX)]
_Millis = Annotated[int, Meta(ge=0, le=LATEST_MS)]
_Hours = Annotated[int, Meta(ge=1, le=87_600)]
_Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class _Notice(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True
):
    notification_id: _EventId
    tenant_id: _Tenant
    at_ms: _Millis
    currency: _Currency
    balance_micros: _Amount
    emails: Annotated[tuple[Email, ...], Meta(max_length=16)]
    language: Language = "en"
    webhook: WebhookUrl | None = None

    kind: ClassVar[str]


class FundsAdded(_Notice, frozen=True, kw_only=True, tag="funds_added"):
    """A recharge succeeded and its money is on the account."""

    kind = "funds_added"
    amount_micros: _Positive
    lot_id: _Id
    method_label: _Name | None = None


class _MoneyMovedBack(_Notice, frozen=True, kw_only=True):
    amount_micros: _Positive
    lot_id: _Id
    reversal: Literal["refund", "dispute"]
    reversal_id: _Id


class PaymentReversed(_MoneyMovedBack, frozen=True, kw_only=True, tag="payment_reversed"):
    """The provider took money of a payment back; recharge is paused until resumed."""

    kind = "payment_reversed"


class PaymentRestored(_MoneyMovedBack, frozen=True, kw_only=True, tag="payment_restored"):
    """Money that was taken back is on the account again; recharge stays paused."""

    kind = "payment_restored"


class RechargeFailed(_Notice, frozen=True, kw_only=True, tag="recharge_failed"):
    """A recharge was declined; `next_try_ms` None: the next method is tried at once."""

    kind = "recharge_failed"
    amount_micros: _Positive
    decline_class: Literal["hard", "soft"]
    code: _Name
    method_label: _Name | None = None
    next_try_ms: _Millis | None = None


class RechargePaused(_Notice, frozen=True, kw_only=True, tag="recharge_paused"):
    """No further attempt until an administrator acts; amount and lot are of a credit that was refused."""

    kind = "recharge_paused"
    reason: Literal[
        "no_method",
        "methods_spent",
        "retries_spent",
        "result_quarantined",
        "credit_refused",
        "payment_reversed",
    ]
    code: _Name | None = None
    method_label: _Name | None = None
    amount_micros: _Positive | None = None
    lot_id: _Id | None = None


class RechargeCapped(_Notice, frozen=True, kw_only=True, tag="recharge_capped"):
    """A cap holds back a recharge; `limit` is recharges in 24 hours, or micros in 30 days."""

    kind = "recharge_capped"
    cap: Literal["count", "money"]
    limit: _Positive
    until_ms: _Millis


class BalanceLow(_Notice, frozen=True, kw_only=True, tag="balance_low"):
    """The balance, or the hours that it lasts, fell below a threshold."""

    kind = "balance_low"
    threshold_id: _ThresholdId
    threshold_micros: _Amount | None = None
    threshold_h: _Hours | None = None
    runway_h: _Count | None = None
    label: _Name | None = None
    cause_id: _Id


class BalanceExhausted(_Notice, frozen=True, kw_only=True, tag="balance_exhausted"):
    """The balance fell to zero or below."""

    kind = "balance_exhausted"
    cause_id: _Id


class FundsExpiring(_Notice, frozen=True, kw_only=True, tag="funds_expiring"):
    """A lot expires in so many days."""

    kind = "funds_expiring"
    lot_id: _Id
    amount_micros: _Positive
    days: Annotated[int, Meta(ge=1, le=30)]
    expires_ms: _Millis


class FundsExpired(_Notice, frozen=True, kw_only=True, tag="funds_expired"):
    """A lot expired with money in it."""

    kind = "funds_expired"
    lot_id: _Id
    amount_micros: _Positive


class FraudSuspected(_Notice, frozen=True, kw_only=True, tag="fraud_suspected"):
    """A spend limit was passed; of `new_destinations` the limit is a number, not micros."""

    kind = "fraud_suspected"
    limit: Literal["spend_per_hour", "cost_per_call", "new_destinations", "recharge_cap"]
    limit_micros: _Amount | None = None
    found_micros: _Amount | None = None
    denied: Annotated[tuple[_Name, ...], Meta(max_length=16)]
    cause_id: _Id


Notification: TypeAlias = (
    FundsAdded
    | PaymentReversed
    | PaymentRestored
    | RechargeFailed
    | RechargePaused
    | RechargeCapped
    | BalanceLow
    | BalanceExhausted
    | FundsExpiring
    | FundsExpired
    | FraudSuspected
)
_decode = msgspec.json.Decoder(Notification).decode
_UNKNOWN = re.compile(r"contains unknown field `([^`]*)`")


def decode_notification(value: bytes | None) -> Notification | Malformed:
    """Read one notification; never raises."""
    if not value or len(value) > RECORD_BYTES_MAX:
        return unfit(value or b"")
    try:
        notice = _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        complaint = undecodable(value, error, Notification)
        if complaint.reason is Why.WRONG_TYPE and (unknown := _UNKNOWN.search(str(error))):
            return Malformed(Why.UNKNOWN_VALUE, unknown[1][:200] or None, UNKNOWN_FIELD)
        return complaint
    return repeated_field(value) or notice
