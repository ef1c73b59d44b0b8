"""Ledger entries, balance events and statuses, in their wire form: built once, encoded as they are.

Fields and their meaning are those of `topics.records`; a test holds the two together. Amounts in micros, times in ms.
"""

from typing import Any

import msgspec


class _Record(msgspec.Struct, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    pass


class Draw(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The part of a charge taken from one lot; `grace`: the lot had already left the balance."""

    lot_id: str
    amount_micros: int
    grace: bool = False


class Span(_Record):
    """A stretch of a call under one rate; `amount_nanos` is for reading, the charge is rounded once."""

    start_ms: int
    seconds: int
    billed_s: int
    rate_nanos: int
    per_s: int
    amount_nanos: int


class Lot(_Record):
    """A lot as it was opened."""

    lot_id: str
    granted_micros: int
    debt_paid_micros: int
    remaining_micros: int
    purchased_ms: int
    expires_ms: int


class ThresholdSetting(_Record):
    """A threshold as an administrator set it."""

    threshold_id: str
    amount_micros: int


class _Entry(_Record, tag_field="kind"):
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
    spans: Any = ()
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


class CommandRejected(_Entry, tag_field="kind", tag="command_rejected"):
    """A command was refused; nothing changed."""

    command_id: str
    command_type: str
    reason: str
    detail: str
    currency: str | None = None
    balance_micros: int | None = None


class Occasion(msgspec.Struct, frozen=True, gc=False):
    """Why a balance changed, and when: what the events of one entry have in common."""

    cause: str
    cause_id: str
    at_ms: int


class Event(_Record, tag_field="kind", tag="event"):
    """What every balance event says."""

    event_id: str
    tenant_id: str
    seq: int
    at_ms: int
    currency: str
    balance_micros: int
    cause: str
    cause_id: str


class ThresholdCrossed(Event, tag_field="kind", tag="threshold_crossed"):
    """The balance fell below the threshold."""

    threshold_id: str
    threshold_micros: int


class ThresholdRearmed(Event, tag_field="kind", tag="threshold_rearmed"):
    """The balance is back at or above the threshold."""

    threshold_id: str
    threshold_micros: int


class BalanceExhausted(Event, tag_field="kind", tag="balance_exhausted"):
    """The balance fell from above zero to zero or below."""


class BalanceRestored(Event, tag_field="kind", tag="balance_restored"):
    """The balance is above zero again."""


class FundsCredited(Event, tag_field="kind", tag="funds_credited"):
    """Money arrived as a lot."""

    lot_id: str
    amount_micros: int


class FundsExpired(Event, tag_field="kind", tag="funds_expired"):
    """A lot expired with money in it."""

    lot_id: str
    amount_micros: int


class SettingsChanged(Event, tag_field="kind", tag="settings_changed"):
    """The thresholds were replaced."""


class AccountStatus(_Record):
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
