"""Ledger entries: every change of every account, with its reason."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from topics.fields import (
    AccountCurrency,
    CdrVersion,
    Count,
    Id,
    LotCategory,
    Micros,
    Millis,
    Name,
    Note,
    NotNegative,
    Offset,
    Partition,
    Positive,
    SettingsVersion,
    TenantId,
)
from topics.records.draws import Draws
from topics.records.record import TAG, Record
from topics.records.rejects import SuspenseReason
from topics.records.requests import ThresholdSetting


class Lot(Record, frozen=True):
    """A credit lot as it was opened."""

    lot_id: Id
    granted_micros: Positive
    overdraft_paid_micros: NotNegative
    remaining_micros: NotNegative
    purchased_ms: Millis
    expires_ms: Millis
    category: LotCategory | None = None


class Entry(Record, frozen=True, tag_field="kind"):
    """What every ledger entry says. The balance is the sum of `amount_micros` of all entries of a tenant."""

    kind: ClassVar[str] = TAG
    entry_id: Id
    tenant_id: TenantId
    seq: Annotated[
        Count, Meta(description="1, 2, 3, ... per account; 0 where there is no account.")
    ]
    at_ms: Millis
    source_topic: Name
    source_partition: Partition
    source_offset: Offset


class MoneyEntry(Entry, frozen=True):
    """What every entry of an existing account says."""

    currency: AccountCurrency
    amount_micros: Annotated[Micros, Meta(description="Change of the balance.")]
    balance_micros: Annotated[Micros, Meta(description="Balance after this entry.")]
    overdraft_micros: Annotated[NotNegative, Meta(description="Overdraft after this entry.")]


MonthEnds = Annotated[
    Annotated[Millis, Meta(description="UTC.")] | None,
    Meta(
        description="When the account's month is over by its own clocks, and it is carried forward. None: with the"
        " month of UTC."
    ),
]


class AccountOpened(MoneyEntry, frozen=True, tag="account_opened"):
    """An account exists from here on; one without credits has no decks, and the code of no currency."""

    kind: ClassVar[Literal["account_opened"]]
    command_id: Id
    time_zone: Name
    decks: Annotated[tuple[Name, ...], Meta(max_length=16)]
    month_ends_ms: MonthEnds = None


class FundsAdded(MoneyEntry, frozen=True, tag="funds_added"):
    """A lot was opened; `amount_micros` is what was paid in, debt included."""

    kind: ClassVar[Literal["funds_added"]]
    command_id: Id
    lot: Lot
    recharge_seq: Annotated[int, Meta(ge=1, le=2**53 - 1)] | None = None
    payment_command_id: Id | None = None
    settings_version: SettingsVersion | None = None


class ThresholdsSet(MoneyEntry, frozen=True, tag="thresholds_set"):
    """The account's thresholds were replaced."""

    kind: ClassVar[Literal["thresholds_set"]]
    command_id: Id
    thresholds: Annotated[tuple[ThresholdSetting, ...], Meta(max_length=16)]


class Adjusted(MoneyEntry, frozen=True, tag="adjusted"):
    """An operator changed the balance: upwards it opens a lot, downwards it draws on lots."""

    kind: ClassVar[Literal["adjusted"]]
    command_id: Id
    reason: Annotated[str, Meta(min_length=1, max_length=200)]
    lot: Lot | None = None
    draws: Draws = ()
    settings_version: SettingsVersion | None = None


class _Reversal(MoneyEntry, frozen=True):
    """What both entries of reversals say."""

    command_id: Id
    payment_id: Id
    reversal_id: Annotated[Id, Meta(description="The provider's id of the refund or dispute.")]
    reversal: Literal["refund", "dispute"]
    moved_micros: Annotated[
        Positive, Meta(description="The difference to what was taken back of the payment before.")
    ]
    reversed_micros: Annotated[
        NotNegative, Meta(description="What is taken back of the payment in all.")
    ]


class ReversalPosted(_Reversal, frozen=True, tag="payment_reversed"):
    """The provider took money of a payment back: from its lot first, then from the others, then as debt."""

    kind: ClassVar[Literal["payment_reversed"]]
    draws: Draws = ()


class RestorationPosted(_Reversal, frozen=True, tag="payment_restored"):
    """Money that a reversal took came back: debt is paid first, the rest is a lot of its own."""

    kind: ClassVar[Literal["payment_restored"]]
    lot: Lot


class AccountClosed(MoneyEntry, frozen=True, tag="account_closed"):
    """The account was closed."""

    kind: ClassVar[Literal["account_closed"]]
    command_id: Id
    reason: Note | None = None


class LotExpired(MoneyEntry, frozen=True, tag="lot_expired"):
    """A lot reached its expiry and left the balance; late CDRs may draw on it until `grace_until_ms`."""

    kind: ClassVar[Literal["lot_expired"]]
    lot_id: Id
    grace_until_ms: Millis
    category: LotCategory | None = None


class LotForfeited(MoneyEntry, frozen=True, tag="lot_forfeited"):
    """The grace of an expired lot is over; what was left of it is gone (it left the balance before)."""

    kind: ClassVar[Literal["lot_forfeited"]]
    lot_id: Id
    forfeited_micros: Positive
    category: LotCategory | None = None


class LotExpiryWarned(MoneyEntry, frozen=True, tag="lot_expiry_warned"):
    """A lot with money in it expires in so many days; it is said once for each of 30, 7 and 1."""

    kind: ClassVar[Literal["lot_expiry_warned"]]
    lot_id: Id
    days: Annotated[int, Meta(ge=1, le=30)]
    remaining_micros: Positive
    expires_ms: Millis
    category: LotCategory | None = None


CommandType = Literal[
    "open_account",
    "open_credits",
    "add_funds",
    "reverse_payment",
    "restore_payment",
    "set_thresholds",
    "adjust",
    "close_account",
    "reopen_account",
    "set_decks",
    "set_entitlements",
    "set_billing_mode",
    "set_user",
    "set_unlicensed_calls",
    "expire_lots",
    "carry_forward",
    "free_call",
    "release_call",
    "drop_call",
    "rerate_call",
    "set_auto_recharge",
    "set_payment_methods",
    "set_recipients",
    "set_spend_limits",
    "set_time_zone",
    "resume_recharge",
]


CommandReason = Literal[
    "misrouted",
    "wrong_topic",
    "unknown_tenant",
    "account_exists",
    "account_closed",
    "account_open",
    "command_id_reused",
    "role_not_allowed",
    "no_credits",
    "credits_open",
    "currency_mismatch",
    "lot_exists",
    "reserved_lot",
    "adjustment_repeated",
    "reversal_repeated",
    "not_refundable",
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
    "not_due",
    "not_waiting",
    "still_waits",
    "not_standing",
    "not_priced",
]


class Waits(Record, frozen=True):
    """A call that was looked at again and waits on."""

    cdr_id: Id
    version: CdrVersion
    suspense_id: Id
    reason: Annotated[SuspenseReason, Meta(description="What it waits for now.")]


class CommandRejected(Entry, frozen=True, tag="command_rejected"):
    """An account command was refused; nothing changed."""

    kind: ClassVar[Literal["command_rejected"]]
    command_id: Id
    command_type: CommandType
    reason: CommandReason
    detail: Note
    currency: AccountCurrency | None = None
    balance_micros: Micros | None = None
    lot_id: (
        Annotated[Id, Meta(description="Of a recharge's credit: the payment that was captured.")]
        | None
    ) = None
    credit_micros: Positive | None = None
    payment_command_id: Id | None = None
    settings_version: SettingsVersion | None = None
    waits: Annotated[Waits | None, Meta(description="Where the reason is still_waits.")] = None
