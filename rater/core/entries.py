"""Ledger entries and statuses, in their wire form: built once, encoded as they are. Events are in `events`.

Fields and their meaning are those of `topics.records`; a test holds the two together. Amounts in micros, times in ms.
"""

import msgspec


class Record(msgspec.Struct, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """A record of ours, or a part of one."""


class Draw(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The part of a charge taken from one lot; `grace`: the lot had already left the balance."""

    lot_id: str
    amount_micros: int
    grace: bool = False


class Span(Record):
    """A stretch of a call under one rate; `amount_nanos` is for reading, the charge is rounded once."""

    start_ms: int
    seconds: int
    billed_s: int
    rate_nanos: int
    per_s: int
    amount_nanos: int


class Lot(Record):
    """A lot as it was opened."""

    lot_id: str
    granted_micros: int
    debt_paid_micros: int
    remaining_micros: int
    purchased_ms: int
    expires_ms: int


# Commands are known again by their repr: what is at its default is left out, as by the release that had no such field.
class ThresholdSetting(Record, repr_omit_defaults=True):
    """A threshold as an administrator set it: an amount or hours."""

    threshold_id: str
    amount_micros: int | None = None
    hours: int | None = None
    label: str | None = None


class PaymentMethod(Record):
    """A reference to a payment method that the provider keeps."""

    reference: str
    customer: str | None = None
    label: str | None = None


class _Entry(Record, tag_field="kind"):
    entry_id: str
    tenant_id: str
    seq: int
    at_ms: int
    source_topic: str
    source_partition: int
    source_offset: int


class Entry(_Entry, tag_field="kind", tag="entry"):
    """What every entry of an existing account says."""

    currency: str
    amount_micros: int
    balance_micros: int
    debt_micros: int


class Charge(Entry, tag_field="kind", tag="charge"):
    """A CDR was charged, or was free."""

    cdr_id: str
    version: int
    outcome: str
    charge_micros: int
    direction: str
    to: str
    answered_ms: int
    duration_s: int
    reason: str | None = None
    billed_s: int = 0
    deck_id: str | None = None
    deck_version: int | None = None
    prefix: str | None = None
    destination: str | None = None
    connection_fee_micros: int = 0
    spans: tuple[Span, ...] = ()
    draws: list[Draw] = []
    shortfall_micros: int = 0
    late_after_expiry: bool = False


class AccountOpened(Entry, tag_field="kind", tag="account_opened"):
    """An account exists from here on."""

    command_id: str
    time_zone: str
    decks: tuple[str, ...]


class FundsAdded(Entry, tag_field="kind", tag="funds_added"):
    """A lot was opened; the amount is what was paid in, debt included."""

    command_id: str
    lot: Lot
    recharge_seq: int | None = None
    payment_command_id: str | None = None


class ThresholdsSet(Entry, tag_field="kind", tag="thresholds_set"):
    """The thresholds were replaced."""

    command_id: str
    thresholds: tuple[ThresholdSetting, ...]


class Adjusted(Entry, tag_field="kind", tag="adjusted"):
    """An operator changed the balance."""

    command_id: str
    reason: str
    lot: Lot | None = None
    draws: list[Draw] = []
    shortfall_micros: int = 0


class PaymentReversed(Entry, tag_field="kind", tag="payment_reversed"):
    """Money of a payment was taken back; `moved_micros` more than before."""

    command_id: str
    payment_id: str
    reversal_id: str
    reversal: str
    moved_micros: int
    reversed_micros: int
    draws: list[Draw] = []
    shortfall_micros: int = 0


class PaymentRestored(Entry, tag_field="kind", tag="payment_restored"):
    """Money that was taken back of a payment came back, as a lot of its own."""

    command_id: str
    payment_id: str
    reversal_id: str
    reversal: str
    moved_micros: int
    reversed_micros: int
    lot: Lot


class AccountClosed(Entry, tag_field="kind", tag="account_closed"):
    """The account was closed."""

    command_id: str
    reason: str | None = None


class LotExpired(Entry, tag_field="kind", tag="lot_expired"):
    """A lot left the balance."""

    lot_id: str
    grace_until_ms: int


class LotForfeited(Entry, tag_field="kind", tag="lot_forfeited"):
    """What was left of an expired lot is gone."""

    lot_id: str
    forfeited_micros: int


class LotExpiryWarned(Entry, tag_field="kind", tag="lot_expiry_warned"):
    """A lot with money in it expires in so many days."""

    lot_id: str
    days: int
    remaining_micros: int
    expires_ms: int


class AutoRechargeSet(Entry, tag_field="kind", tag="auto_recharge_set"):
    """Auto-recharge was set."""

    command_id: str
    enabled: bool
    trigger_micros: int | None = None
    trigger_h: int | None = None
    mode: str = "fixed"
    recharge_micros: int | None = None
    target_micros: int | None = None
    count_cap: int | None = None
    money_cap_micros: int | None = None
    actor: str | None = None
    actor_role: str | None = None


class PaymentMethodsSet(Entry, tag_field="kind", tag="payment_methods_set"):
    """The payment methods were replaced."""

    command_id: str
    methods: tuple[PaymentMethod, ...]
    actor: str | None = None
    actor_role: str | None = None


class RecipientsSet(Entry, tag_field="kind", tag="recipients_set"):
    """Who is told was replaced: how many, not who."""

    command_id: str
    emails: int
    language: str
    webhook: bool
    actor: str | None = None
    actor_role: str | None = None


class SpendLimitsSet(Entry, tag_field="kind", tag="spend_limits_set"):
    """The limits of the fraud breaker were set."""

    command_id: str
    spend_per_hour_micros: int | None = None
    cost_per_call_micros: int = 0
    high_rate_micros: int = 0
    new_high_rate_destinations_max: int = 0
    actor: str | None = None
    actor_role: str | None = None


class SpendLimitTripped(Entry, tag_field="kind", tag="spend_limit_tripped"):
    """The charge before this passed a spend limit."""

    cdr_id: str
    limit: str
    limit_micros: int
    found_micros: int
    denied: tuple[str, ...]
    settings_version: int | None = None


class RechargeResumed(Entry, tag_field="kind", tag="recharge_resumed"):
    """An administrator resumed recharge; what the breaker denied is allowed again."""

    command_id: str
    allowed: tuple[str, ...]
    reason: str | None = None
    actor: str | None = None
    actor_role: str | None = None


class CommandRejected(_Entry, tag_field="kind", tag="command_rejected"):
    """A command was refused; nothing changed."""

    command_id: str
    command_type: str
    reason: str
    detail: str
    currency: str | None = None
    balance_micros: int | None = None
    lot_id: str | None = None
    credit_micros: int | None = None
    payment_command_id: str | None = None
    settings_version: int | None = None


class AccountStatus(Record):
    """The balance and what is allowed now."""

    tenant_id: str
    seq: int
    at_ms: int
    state: str
    currency: str
    balance_micros: int
    debt_micros: int
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    deny_reason: str | None = None
    next_expiry_ms: int | None = None
    runway_h: int | None = None
