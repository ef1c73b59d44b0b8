"""The ledger entry that carries an account forward into a month: all that a reader needs to begin there."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from topics.fields import (
    CallClasses,
    Count,
    Id,
    LotCategory,
    Millis,
    Month,
    Name,
    NotNegative,
    Offset,
    Positive,
    ThresholdId,
)
from topics.records.balance import LimitKind
from topics.records.contract import (
    CarriedBilling,
    CarriedBillingModes,
    CarriedEntitlements,
    CarriedOwedMonths,
    CarriedTimeZones,
    UnlicensedCalls,
)
from topics.records.draws import PoolSeconds, SourceId
from topics.records.ledger import MoneyEntry, MonthEnds
from topics.records.record import Record
from topics.records.requests import ThresholdSetting

LOTS_MAX = 4_000
"""As many as an account may have, live and in grace."""
Decks = Annotated[tuple[Name, ...], Meta(max_length=16)]
POOLS_MAX = 4_096
"""More than an account can have: all its plans' allowances in every month that is kept."""
Minute = Annotated[int, Meta(ge=0, le=2**53 - 1, description="Minutes since 1970 UTC.")]


class CarriedLot(Record, frozen=True):
    """What is left of a lot."""

    lot_id: Id
    remaining_micros: Positive
    purchased_ms: Millis
    expires_ms: Millis
    due_ms: (
        Annotated[Millis, Meta(description="Of a live lot: its next warning, or its expiry.")]
        | None
    ) = None
    category: LotCategory | None = None


CarriedLots = Annotated[tuple[CarriedLot, ...], Meta(max_length=LOTS_MAX)]


class Closure(Record, frozen=True):
    """A time during which the account was closed; it is open again from `to_ms` on."""

    from_ms: Millis
    to_ms: Millis


class EarlierDecks(Record, frozen=True):
    """Decks that the account had before an instant, and since the one before it; none: it had no credits."""

    until_ms: Millis
    decks: Decks


class CarriedWatch(Record, frozen=True):
    """The watch over new high-rate destinations, each list from the oldest on."""

    high_rate_micros: Positive
    new_high_rate_destinations_max: Annotated[int, Meta(ge=0, le=100)]
    known: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=32)], ...], Meta(max_length=256)
    ] = ()
    fresh_ms: Annotated[tuple[Millis, ...], Meta(max_length=101)] = ()


class CarriedSpending(Record, frozen=True):
    """What the account has spent lately, as of its entry before, and the limits of it."""

    burn: Annotated[
        int, Meta(ge=0, le=2**63 - 1, description="All charges, weighted by their age.")
    ] = 0
    burn_from_minute: Minute | None = None
    burn_to_minute: Minute = 0
    hour: Annotated[Count, Meta(description="Hours since 1970 UTC.")] = 0
    spent_micros: Annotated[Count, Meta(description="In that hour.")] = 0
    spent_before_micros: Annotated[Count, Meta(description="In the hour before.")] = 0
    spend_per_hour_micros: NotNegative | None = None
    cost_per_call_micros: NotNegative = 0
    watch: CarriedWatch | None = None
    denied: CallClasses = ()
    tripped: Annotated[tuple[LimitKind, ...], Meta(max_length=16)] = ()


class CarriedPool(Record, frozen=True):
    """What plans have paid in a month."""

    pool: SourceId
    used_s: Annotated[PoolSeconds, Meta(description="In whole units of the plan.")]
    told_80_s: Annotated[
        PoolSeconds,
        Meta(description="How large it was when it was told that 80 % were used; 0: never told."),
    ] = 0
    told_100_s: Annotated[PoolSeconds, Meta(description="Likewise that nothing was left.")] = 0


class BalanceCarriedForward(MoneyEntry, frozen=True, tag="balance_carried_forward"):
    """A month began: the account as it was before this entry, which changes nothing. A reader may begin here."""

    kind: ClassVar[Literal["balance_carried_forward"]]
    command_id: Id
    month_ms: Annotated[
        Millis,
        Meta(description="When it was due: the first instant of a month by its clocks, or UTC's."),
    ]
    time_zone: Annotated[Name, Meta(description="At `at_ms`.")]
    decks: Decks
    spending: CarriedSpending
    lots: CarriedLots = ()
    lots_in_grace: CarriedLots = ()
    forfeited_to_ms: Annotated[
        Millis, Meta(description="The latest expiry of a lot that was forfeited.")
    ] = 0
    thresholds: Annotated[
        tuple[ThresholdSetting, ...], Meta(max_length=18, description="With recharge's triggers.")
    ] = ()
    fired: Annotated[
        tuple[ThresholdId, ...],
        Meta(max_length=18, description="The thresholds that are not armed again yet."),
    ] = ()
    closed_ms: Millis | None = None
    settled_ms: (
        Annotated[Millis, Meta(description="Since when decks and standing are as they are.")] | None
    ) = None
    closures: Annotated[tuple[Closure, ...], Meta(max_length=32)] = ()
    earlier_decks: Annotated[tuple[EarlierDecks, ...], Meta(max_length=32)] = ()
    recharge_seq: Annotated[Count, Meta(description="The last of recharge's credits.")] = 0
    cdr_offset: Annotated[Offset, Meta(description="The last applied; likewise.")] | None = None
    command_offset: Offset | None = None
    request_offset: Offset | None = None
    entitlements: CarriedEntitlements = ()
    billing_modes: CarriedBillingModes = ()
    pools: Annotated[tuple[CarriedPool, ...], Meta(max_length=POOLS_MAX)] = ()
    unlicensed_calls: UnlicensedCalls = "charge"
    billing: CarriedBilling | None = None
    owed: CarriedOwedMonths = ()
    time_zone_changes: Annotated[
        CarriedTimeZones, Meta(description="Those that a call may still ask for, and one to come.")
    ] = ()
    month_ends_ms: MonthEnds = None
    ended: Annotated[
        Month | None,
        Meta(
            description="The month that is over by the account's clocks: nothing more comes on its statement. None:"
            " none is, the account was closed for all of it, or another release has written it."
        ),
    ] = None
