"""Record types: every message on our topics, its fields in wire names.

Amounts are integers in micros (millionths of the account's one currency), D5. Times that others write are RFC 3339 text;
times that we write are integers in milliseconds since 1970 UTC and end in `_ms`.
Inputs may carry fields we do not know (they are kept in suspense and dead letters, and otherwise ignored); outputs may not.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from topics.fields import (
    COUNTRY,
    NOT_NEGATIVE,
    POSITIVE,
    About,
    Count,
    Currency,
    Id,
    Items,
    Micros,
    Millis,
    Moment,
    Offset,
    Range,
    TenantId,
    Text,
    Wire,
)

Name = Annotated[str, Text(64)]
Note = Annotated[str, Text(1000, 0)]
Country = Annotated[str, COUNTRY, About("ISO 3166-1 alpha-2.")]
Number = Annotated[
    str,
    Text(32, pattern=r"\+[1-9][0-9]{0,14}\*{0,8}|[0-9*#]{1,15}"),
    About(
        "E.164 with +, its tail masked with * where the platform hides it; or a short number as dialled."
    ),
]
NotNegative = Annotated[int, NOT_NEGATIVE]
Positive = Annotated[int, POSITIVE]
Partition = Annotated[int, Range(0, 100_000)]
Seconds = Annotated[int, Range(0, 2_678_400), About("Seconds, at most 31 days.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdr:
    """A call-detail record: one finished call (or one leg of it), as the call platform wrote it."""

    cdr_id: Annotated[Id, About("Unique per tenant; the same id and version twice is a duplicate.")]
    tenant_id: TenantId
    direction: Literal["out", "in"]
    to: Number
    started_at: Moment
    ended_at: Moment
    billsec: Annotated[Seconds, About("Connected seconds, ringing excluded.")]
    schema_version: Annotated[int, Range(1, 1)] = 1
    version: Annotated[int, Range(1, 1_000_000)] = 1
    kind: Literal["final", "correction", "void"] = "final"
    source: Name | None = None
    leg_of: Id | None = None
    call_type: (
        Annotated[str, Text(32), About("Open list: user_out, conf_out, conf_in, ...")] | None
    ) = None
    from_: Annotated[str, Text(64, 0), Wire("from")] | None = None
    user_id: Id | None = None
    organizer_id: Id | None = None
    usage_country: Country | None = None
    service_number_type: (
        Annotated[str, Text(32), About("subscriber, toll_free, toll, service, ...")] | None
    ) = None
    license: Name | None = None
    answered_at: Annotated[Moment, About("Where absent, the start is the answer.")] | None = None
    disposition: Literal["answered", "no_answer", "busy", "failed", "cancelled"] = "answered"
    conference_id: Id | None = None
    currency_hint: Currency | None = None
    ingest_ts: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdSetting:
    """An amount that is announced once when the balance falls below it."""

    threshold_id: Name
    amount_micros: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccount:
    """Open a tenant's account; its currency never changes."""

    type: Literal["open_account"]
    command_id: Id
    tenant_id: TenantId
    currency: Currency
    decks: Annotated[
        list[Name], Items(16, 1), About("Deck ids in order; the first that prices a number wins.")
    ]
    time_zone: Annotated[str, Text(64), About("IANA name.")] = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddFunds:
    """Open a credit lot; debt is paid first."""

    type: Literal["add_funds"]
    command_id: Id
    tenant_id: TenantId
    lot_id: Id
    amount_micros: Positive
    currency: Currency
    purchased_at: Annotated[Moment, About("The lot expires 12 calendar months later.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetThresholds:
    """Replace the account's thresholds; they are evaluated at once."""

    type: Literal["set_thresholds"]
    command_id: Id
    tenant_id: TenantId
    thresholds: Annotated[list[ThresholdSetting], Items(16)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjust:
    """Correct a balance by hand, up or down, with a reason."""

    type: Literal["adjust"]
    command_id: Id
    tenant_id: TenantId
    amount_micros: Micros
    currency: Currency
    reason: Annotated[str, Text(200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAccount:
    """Close the account: no further money, no calls answered later."""

    type: Literal["close_account"]
    command_id: Id
    tenant_id: TenantId
    reason: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireLots:
    """The timer's command: the stream time has reached `due_ms`, expire and forfeit what is due."""

    type: Literal["expire_lots"]
    command_id: Id
    tenant_id: TenantId
    due_ms: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckChunk:
    """Some rows of one version of a rate deck."""

    deck_id: Name
    version: Annotated[int, Range(1, 2**31 - 1)]
    chunk: Annotated[int, Range(1, 100_000)]
    rows: Annotated[
        list[list[str]], Items(5000, 1), About("The deck's CSV cells, in the manifest's `columns`.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckManifest:
    """Makes one version of a rate deck whole: nothing of it counts before this record is there."""

    deck_id: Name
    version: Annotated[int, Range(1, 2**31 - 1)]
    currency: Currency
    valid_from: Moment
    time_zone: Annotated[str, Text(64)]
    band_policy: Literal["split", "start"]
    columns: Annotated[list[Name], Items(64, 1)]
    rows: Annotated[int, Range(1, 10_000_000)]
    chunks: Annotated[int, Range(1, 100_000)]
    digest: Annotated[str, Text(64, 64, r"[0-9a-f]{64}"), About("SHA-256 of the canonical rows.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """The part of a charge taken from one lot."""

    lot_id: Id
    amount_micros: Positive
    grace: Annotated[
        bool, About("The lot had expired and left the balance; the call ended before that.")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of a call under one rate."""

    start_ms: Millis
    seconds: Seconds
    billed_s: Annotated[int, Range(0, 2**31 - 1)]
    rate_nanos: Annotated[
        int, NOT_NEGATIVE, About("Billionths of the currency per `per_s` seconds.")
    ]
    per_s: Annotated[int, Range(1, 86_400)]
    amount_nanos: Annotated[
        int, Range(0, 10**18), About("For reading: the charge is rounded once, over all spans.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A credit lot as it was opened."""

    lot_id: Id
    granted_micros: Positive
    debt_paid_micros: NotNegative
    remaining_micros: NotNegative
    purchased_ms: Millis
    expires_ms: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What every ledger entry says. The balance is the sum of `amount_micros` of all entries of a tenant."""

    entry_id: Id
    tenant_id: TenantId
    seq: Annotated[Count, About("1, 2, 3, ... per account; 0 where there is no account.")]
    at_ms: Millis
    source_topic: Name
    source_partition: Partition
    source_offset: Offset


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyEntry(Entry):
    """What every entry of an existing account says."""

    currency: Currency
    amount_micros: Annotated[Micros, About("Change of the balance.")]
    balance_micros: Annotated[Micros, About("Balance after this entry.")]
    debt_micros: Annotated[NotNegative, About("Overdraft after this entry.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(MoneyEntry):
    """A CDR was charged (or was free: `charge_micros` 0)."""

    kind: Literal["charge"]
    cdr_id: Id
    version: Annotated[int, Range(1, 1_000_000)]
    outcome: Literal["rated", "free"]
    reason: Literal["unanswered", "zero_duration", "emergency", "inbound", "free_rate"] | None = (
        None
    )
    charge_micros: NotNegative
    direction: Literal["out", "in"]
    to: Number
    answered_ms: Millis
    duration_s: Seconds
    billed_s: Annotated[int, Range(0, 2**31 - 1)] = 0
    deck_id: Name | None = None
    deck_version: Annotated[int, Range(1, 2**31 - 1)] | None = None
    prefix: Annotated[str, Text(32)] | None = None
    destination: Annotated[str, Text(200, 0)] | None = None
    connection_fee_micros: NotNegative = 0
    spans: Annotated[list[Span], Items(10_000)] = ()  # type: ignore[assignment]
    draws: Annotated[list[Draw], Items(10_000)] = ()  # type: ignore[assignment]
    shortfall_micros: Annotated[NotNegative, About("What no lot covered; it became debt.")] = 0
    late_after_expiry: Annotated[
        bool, About("A lot that could have paid had been forfeited before the CDR came.")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened(MoneyEntry):
    """An account exists from here on."""

    kind: Literal["account_opened"]
    command_id: Id
    time_zone: Name
    decks: Annotated[list[Name], Items(16, 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FundsAdded(MoneyEntry):
    """A lot was opened; `amount_micros` is what was paid in, debt included."""

    kind: Literal["funds_added"]
    command_id: Id
    lot: Lot


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdsSet(MoneyEntry):
    """The account's thresholds were replaced."""

    kind: Literal["thresholds_set"]
    command_id: Id
    thresholds: Annotated[list[ThresholdSetting], Items(16)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted(MoneyEntry):
    """An operator changed the balance: upwards it opens a lot, downwards it draws on lots."""

    kind: Literal["adjusted"]
    command_id: Id
    reason: Annotated[str, Text(200)]
    lot: Lot | None = None
    draws: Annotated[list[Draw], Items(10_000)] = ()  # type: ignore[assignment]
    shortfall_micros: NotNegative = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountClosed(MoneyEntry):
    """The account was closed."""

    kind: Literal["account_closed"]
    command_id: Id
    reason: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LotExpired(MoneyEntry):
    """A lot reached its expiry and left the balance; late CDRs may draw on it until `grace_until_ms`."""

    kind: Literal["lot_expired"]
    lot_id: Id
    grace_until_ms: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class LotForfeited(MoneyEntry):
    """The grace of an expired lot is over; what was left of it is gone (it left the balance before)."""

    kind: Literal["lot_forfeited"]
    lot_id: Id
    forfeited_micros: Positive


CommandType = Literal[
    "open_account", "add_funds", "set_thresholds", "adjust", "close_account", "expire_lots"
]

CommandReason = Literal[
    "misrouted",
    "unknown_tenant",
    "account_exists",
    "account_closed",
    "command_id_reused",
    "currency_mismatch",
    "lot_exists",
    "too_many_lots",
    "duplicate_threshold",
    "zero_amount",
    "amount_too_large",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRejected(Entry):
    """An account command was refused; nothing changed."""

    kind: Literal["command_rejected"]
    command_id: Id
    command_type: CommandType
    reason: CommandReason
    detail: Note
    currency: Currency | None = None
    balance_micros: Micros | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatus:
    """The balance and what is allowed now; compacted, one per tenant."""

    tenant_id: TenantId
    seq: Count
    at_ms: Millis
    state: Literal["open", "closed"]
    currency: Currency
    balance_micros: Micros
    debt_micros: NotNegative
    allow: Annotated[list[Name], Items(16)]
    deny: Annotated[list[Name], Items(16)]
    deny_reason: Literal["balance_not_positive", "account_closed"] | None = None
    next_expiry_ms: Millis | None = None


Cause = Literal["charge", "credit", "adjustment", "expiry", "settings", "close"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every balance event says."""

    event_id: Id
    tenant_id: TenantId
    seq: Annotated[Count, About("The entry that caused it.")]
    at_ms: Millis
    currency: Currency
    balance_micros: Micros
    cause: Cause
    cause_id: Annotated[Id, About("The CDR or command behind it.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdCrossed(Event):
    """The balance went from at or above the threshold to below it (strictly)."""

    kind: Literal["threshold_crossed"]
    threshold_id: Name
    threshold_micros: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdRearmed(Event):
    """The balance is at or above the threshold again."""

    kind: Literal["threshold_rearmed"]
    threshold_id: Name
    threshold_micros: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceExhausted(Event):
    """The balance went from above zero to zero or below."""

    kind: Literal["balance_exhausted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRestored(Event):
    """The balance is above zero again."""

    kind: Literal["balance_restored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FundsCredited(Event):
    """Money arrived as a lot."""

    kind: Literal["funds_credited"]
    lot_id: Id
    amount_micros: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class FundsExpired(Event):
    """A lot expired with money in it."""

    kind: Literal["funds_expired"]
    lot_id: Id
    amount_micros: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChanged(Event):
    """The thresholds were replaced."""

    kind: Literal["settings_changed"]


SuspenseReason = Literal[
    "misrouted",
    "unknown_tenant",
    "conflict",
    "too_old",
    "in_future",
    "correction_unsupported",
    "account_closed",
    "unknown_deck",
    "currency_mismatch",
    "short_number",
    "ambiguous_prefix",
    "denied",
    "no_rate",
    "outside_bands",
    "amount_too_large",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """A readable CDR that cannot be charged yet, whole, with the reason."""

    suspense_id: Id
    reason: SuspenseReason
    detail: Note
    tenant_id: Annotated[str, Text(64)]
    cdr_id: Annotated[str, Text(128)]
    version: Annotated[int, Range(1, 1_000_000)]
    at_ms: Millis
    source_topic: Name
    source_partition: Partition
    source_offset: Offset
    belongs_to_partition: Partition | None = None
    cdr: Annotated[str, Text(8_388_608), About("The record's own text, unchanged.")]


DeadReason = Literal[
    "empty",
    "not_utf8",
    "not_json",
    "duplicate_field",
    "missing_field",
    "wrong_type",
    "out_of_range",
    "unknown_value",
    "bad_number",
    "bad_time",
    "too_long",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """A record we could not read, its bytes whole, with the reason."""

    dead_id: Id
    reason: DeadReason
    field: Annotated[str, Text(200)] | None = None
    detail: Note
    at_ms: Millis
    source_topic: Name
    source_partition: Partition
    source_offset: Offset
    key_b64: Annotated[str, Text(12_000_000, 0)] | None = None
    value_b64: Annotated[str, Text(12_000_000, 0)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchManifest:
    """The header of a batch manifest: what one atomic step read and wrote; the packed ids follow it."""

    app: Name
    source_topic: Name
    partition: Partition
    first_offset: Offset
    next_offset: Offset
    records: Count
    outcomes: dict[str, int]
    ledger: Annotated[Count, About("Ledger entries written in this step.")]
    events: Count
    ids: Count
    at_ms: Annotated[Millis, About("Highest record time of the batch.")]
