"""Ledger entries: every change of every account, with its reason."""

from dataclasses import dataclass
from typing import Annotated, Literal

from topics.fields import (
    AMOUNT_MICROS_MAX,
    NOT_NEGATIVE,
    About,
    Count,
    Currency,
    Id,
    Items,
    Micros,
    Millis,
    Name,
    Note,
    NotNegative,
    Number,
    Offset,
    Partition,
    Positive,
    Range,
    Seconds,
    SettingsVersion,
    TenantId,
    Text,
)
from topics.records.commands import ThresholdSetting


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
        int,
        Range(0, 1_000 * AMOUNT_MICROS_MAX),
        About("For reading: the charge is rounded once, over all spans."),
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
    recharge_seq: Annotated[int, Range(1, 2**53 - 1)] | None = None
    payment_command_id: Id | None = None


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
class _Reversal(MoneyEntry):
    """What both entries of reversals say."""

    command_id: Id
    payment_id: Id
    reversal_id: Annotated[Id, About("The provider's id of the refund or dispute.")]
    reversal: Literal["refund", "dispute"]
    moved_micros: Annotated[
        Positive, About("The difference to what was taken back of the payment before.")
    ]
    reversed_micros: Annotated[NotNegative, About("What is taken back of the payment in all.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalPosted(_Reversal):
    """The provider took money of a payment back: from its lot first, then from the others, then as debt."""

    kind: Literal["payment_reversed"]
    draws: Annotated[list[Draw], Items(10_000)] = ()  # type: ignore[assignment]
    shortfall_micros: NotNegative = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorationPosted(_Reversal):
    """Money that a reversal took came back: debt is paid first, the rest is a lot of its own."""

    kind: Literal["payment_restored"]
    lot: Lot


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LotExpiryWarned(MoneyEntry):
    """A lot with money in it expires in so many days; it is said once for each of 30, 7 and 1."""

    kind: Literal["lot_expiry_warned"]
    lot_id: Id
    days: Annotated[int, Range(1, 30)]
    remaining_micros: Positive
    expires_ms: Millis


CommandType = Literal[
    "open_account",
    "add_funds",
    "reverse_payment",
    "restore_payment",
    "set_thresholds",
    "adjust",
    "close_account",
    "reopen_account",
    "set_decks",
    "expire_lots",
    "set_auto_recharge",
    "set_payment_methods",
    "set_recipients",
    "set_spend_limits",
    "resume_recharge",
]


CommandReason = Literal[
    "misrouted",
    "unknown_tenant",
    "account_exists",
    "account_closed",
    "account_open",
    "command_id_reused",
    "role_not_allowed",
    "currency_mismatch",
    "lot_exists",
    "adjustment_repeated",
    "purchase_expired",
    "too_many_lot_ids",
    "recharge_repeated",
    "too_many_lots",
    "too_many_changes",
    "duplicate_threshold",
    "reserved_threshold",
    "invalid_setting",
    "card_number",
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
    lot_id: (
        Annotated[Id, About("Of a recharge's credit: the payment that was captured.")] | None
    ) = None
    credit_micros: Positive | None = None
    payment_command_id: Id | None = None
    settings_version: SettingsVersion | None = None
