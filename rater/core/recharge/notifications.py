"""Notices: notifications in their wire form. Fields are those of `topics.records.notifications`; a test holds them."""

import msgspec


class Notice(msgspec.Struct, omit_defaults=True, gc=False, tag_field="kind", tag="notice"):
    """What every notification says."""

    notification_id: str
    tenant_id: str
    at_ms: int
    currency: str
    balance_micros: int
    emails: tuple[str, ...]
    language: str
    webhook: str | None


class FundsAdded(Notice, tag="funds_added"):
    """A recharge succeeded and its money is on the account."""

    amount_micros: int
    lot_id: str
    method_label: str | None = None


class PaymentWasReversed(Notice, tag="payment_reversed"):
    """The provider took money of a payment back."""

    amount_micros: int
    lot_id: str
    reversal: str
    reversal_id: str


class PaymentWasRestored(Notice, tag="payment_restored"):
    """Money that was taken back is on the account again."""

    amount_micros: int
    lot_id: str
    reversal: str
    reversal_id: str


class RechargeFailed(Notice, tag="recharge_failed"):
    """A recharge was declined for the first time."""

    amount_micros: int
    decline_class: str
    code: str
    method_label: str | None = None
    next_try_ms: int | None = None


class RechargePaused(Notice, tag="recharge_paused"):
    """No further attempt until an administrator acts."""

    reason: str
    code: str | None = None
    method_label: str | None = None
    amount_micros: int | None = None
    lot_id: str | None = None


class RechargeCapped(Notice, tag="recharge_capped"):
    """A cap holds back a recharge that is needed."""

    cap: str
    limit: int
    until_ms: int


class BalanceLow(Notice, tag="balance_low"):
    """A threshold was crossed."""

    threshold_id: str
    cause_id: str
    threshold_micros: int | None = None
    threshold_h: int | None = None
    runway_h: int | None = None
    label: str | None = None


class BalanceIsExhausted(Notice, tag="balance_exhausted"):
    """The balance fell to zero or below."""

    cause_id: str


class FundsExpireSoon(Notice, tag="funds_expiring"):
    """A lot expires in 30, 7 or 1 days."""

    lot_id: str
    amount_micros: int
    days: int
    expires_ms: int


class FundsHaveExpired(Notice, tag="funds_expired"):
    """A lot expired with money in it."""

    lot_id: str
    amount_micros: int


class FraudIsSuspected(Notice, tag="fraud_suspected"):
    """A spend limit was passed, or a cap was reached with an empty account."""

    limit: str
    denied: tuple[str, ...]
    cause_id: str
    limit_micros: int | None = None
    found_micros: int | None = None
