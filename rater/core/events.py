"""Balance events, in their wire form: built once, encoded as they are.

Fields and their meaning are those of `topics.records`; a test holds the two together. Amounts in micros, times in ms.
"""

import msgspec

from topics.records import PaymentMethod


class Record(msgspec.Struct, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """An event, before it is encoded."""


class Occasion(msgspec.Struct, frozen=True, gc=False):
    """Why a balance changed, and when: what the events of one entry have in common."""

    cause: str
    cause_id: str
    at_ms: int


class Event(Record, tag_field="kind", tag="event"):
    """What every balance event says."""

    event_id: str
    tenant_id: str
    seq: int
    at_ms: int
    currency: str
    balance_micros: int
    cause: str
    cause_id: str
    runway_h: int | msgspec.UnsetType


class ThresholdCrossed(Event, tag_field="kind", tag="threshold_crossed"):
    """The balance, or the runway, fell below the threshold."""

    threshold_id: str
    threshold_micros: int | None = None
    threshold_h: int | None = None
    label: str | None = None
    on_hold: bool = False
    """A limit of spending was broken by this very charge, or before: nobody has resumed recharge since."""


class ThresholdRearmed(Event, tag_field="kind", tag="threshold_rearmed"):
    """The balance, or the runway, is back at or above the threshold."""

    threshold_id: str
    threshold_micros: int | None = None
    threshold_h: int | None = None
    on_hold: bool = False


class BalanceExhausted(Event, tag_field="kind", tag="balance_exhausted"):
    """The balance fell from above zero to zero or below."""

    on_hold: bool = False


class BalanceRestored(Event, tag_field="kind", tag="balance_restored"):
    """The balance is above zero again."""


class FundsCredited(Event, tag_field="kind", tag="funds_credited"):
    """Money arrived as a lot."""

    lot_id: str
    amount_micros: int


class CreditRefused(Event, tag_field="kind", tag="credit_refused"):
    """Captured money could not be credited."""

    lot_id: str
    amount_micros: int
    reason: str
    payment_command_id: str | None = None


class PaymentReversed(Event, tag_field="kind", tag="payment_reversed"):
    """Money of a credited payment was taken back."""

    lot_id: str
    amount_micros: int
    reversal: str
    reversal_id: str


class PaymentRestored(Event, tag_field="kind", tag="payment_restored"):
    """Money that was taken back came back."""

    lot_id: str
    amount_micros: int
    reversal: str
    reversal_id: str


class FundsExpired(Event, tag_field="kind", tag="funds_expired"):
    """A lot expired with money in it."""

    lot_id: str
    amount_micros: int


class SettingsChanged(Event, tag_field="kind", tag="settings_changed"):
    """The thresholds were replaced."""


class AutoRechargeChanged(Event, tag_field="kind", tag="auto_recharge_changed"):
    """Auto-recharge was set."""

    enabled: bool
    trigger_micros: int | None = None
    trigger_h: int | None = None
    mode: str = "fixed"
    amount_micros: int | None = None
    target_micros: int | None = None
    count_cap: int | None = None
    money_cap_micros: int | None = None


class PaymentMethodsChanged(Event, tag_field="kind", tag="payment_methods_changed"):
    """The payment methods were replaced."""

    methods: tuple[PaymentMethod, ...]


class RecipientsChanged(Event, tag_field="kind", tag="recipients_changed"):
    """Who is told was replaced."""

    emails: tuple[str, ...]
    language: str = "en"
    webhook: str | None = None


class RechargeResumedEvent(Event, tag_field="kind", tag="recharge_resumed"):
    """An administrator resumed what was paused or held."""


class FundsExpiring(Event, tag_field="kind", tag="funds_expiring"):
    """A lot with money in it expires in so many days."""

    lot_id: str
    amount_micros: int
    days: int
    expires_ms: int


class FraudSuspected(Event, tag_field="kind", tag="fraud_suspected"):
    """A charge passed a spend limit."""

    limit: str
    limit_micros: int
    found_micros: int
    denied: tuple[str, ...]


class AccountClosedEvent(Event, tag_field="kind", tag="account_closed"):
    """The account was closed."""


class AccountReopenedEvent(Event, tag_field="kind", tag="account_reopened"):
    """The account is open again."""
