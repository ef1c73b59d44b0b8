"""A tenant's contract: the plans that it has licences of, and whether it pays before or later.

The commands, their ledger entries, and what a month carries of them.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from topics.fields import (
    Count,
    Country,
    Id,
    Instant,
    Millis,
    Month,
    Name,
    Note,
    NotNegative,
    PlanId,
    Positive,
)
from topics.records.commands import Command
from topics.records.ledger import MoneyEntry
from topics.records.record import OpenRecord, Record

ENTITLEMENTS_MAX = 512
"""As many as an account keeps."""
UsageCountry = Annotated[
    Country, Meta(description="ISO 3166-1 alpha-2, of the place that the licences are for.")
]
ValidFrom = Annotated[
    Instant,
    Meta(description="It may lie in the past or in the future; none: the time of the command."),
]
ValidFromMillis = Annotated[
    Millis, Meta(description="Milliseconds since 1970 UTC; before `at_ms` where it is dated back.")
]
DatedBack = Annotated[
    bool,
    Meta(
        description="It holds for calls that began before the command; those charged by then stay as they are."
    ),
]
Forgotten = Annotated[
    Count, Meta(description="How many of before were let go: no call can ask for them any more.")
]


class EntitlementSetting(OpenRecord, frozen=True):
    """How many licences of a plan there are in a country; assigned or purchased ones, as the writer counts them."""

    plan_id: PlanId
    usage_country: UsageCountry
    licences: Annotated[int, Meta(ge=0, le=10_000_000, description="0: none any more.")]


EntitlementSettings = Annotated[
    tuple[EntitlementSetting, ...],
    Meta(
        min_length=1,
        max_length=256,
        description="Each plan and country once; those not named stay as they are.",
    ),
]


class SetEntitlements(Command, frozen=True, tag="set_entitlements"):
    """Set how many licences of plans a tenant has, from an instant on: how large the pools are that pay its calls."""

    type: ClassVar[Literal["set_entitlements"]]
    entitlements: EntitlementSettings
    valid_from: ValidFrom | None = None
    reason: Note | None = None


class EntitlementsSet(MoneyEntry, frozen=True, tag="entitlements_set"):
    """The licences of plans changed, from `valid_from_ms` on; `seq` is the number by which they are named."""

    kind: ClassVar[Literal["entitlements_set"]]
    command_id: Id
    valid_from_ms: ValidFromMillis
    entitlements: EntitlementSettings
    dated_back: DatedBack = False
    forgotten: Forgotten = 0
    reason: Note | None = None


class CarriedEntitlement(Record, frozen=True):
    """The licences of a plan in a country from an instant on."""

    plan_id: PlanId
    usage_country: UsageCountry
    valid_from_ms: Millis
    licences: Annotated[int, Meta(ge=0, le=10_000_000)]
    seq: Annotated[Count, Meta(description="Of the entry that set it.")]


Mode = Literal["prepaid", "post_paid"]
BILLING_MODES_MAX = 32
"""As many as an account keeps."""


CreditLimit = Annotated[
    Positive,
    Meta(description="Of a month of an account that pays later: so much may be owed of it."),
]


class SetBillingMode(Command, frozen=True, tag="set_billing_mode"):
    """Set whether a tenant pays before or later, with recharge off: what lots do not pay of a call is then owed."""

    type: ClassVar[Literal["set_billing_mode"]]
    mode: Mode
    valid_from: ValidFrom | None = None
    reason: Note | None = None
    credit_limit_micros: CreditLimit | None = None


class BillingModeSet(MoneyEntry, frozen=True, tag="billing_mode_set"):
    """The account is prepaid, or pays later, from `valid_from_ms` on."""

    kind: ClassVar[Literal["billing_mode_set"]]
    command_id: Id
    mode: Mode
    valid_from_ms: ValidFromMillis
    dated_back: DatedBack = False
    forgotten: Forgotten = 0
    reason: Note | None = None
    credit_limit_micros: CreditLimit | None = None


BillingState = Literal["prepaid", "post_paid", "limit_reached"]
UntilMillis = Annotated[
    Millis,
    Meta(
        description="When it is looked at again: another mode begins, or the month of a limit ends."
    ),
]


class BillingStateChanged(MoneyEntry, frozen=True, tag="billing_state_changed"):
    """From here on the account is prepaid, or pays later, or has reached its credit limit of the month.

    It moves no money. What a call is paid by, the mode at its start says; this says what the account may do.
    """

    kind: ClassVar[Literal["billing_state_changed"]]
    state: BillingState
    cause: Annotated[
        Literal["charge", "settings"],
        Meta(description="What came when it changed: a CDR or a command, the timer's too."),
    ]
    cause_id: Annotated[Id, Meta(description="Of the CDR or command.")]
    credit_limit_micros: CreditLimit | None = None
    month: Annotated[Month, Meta(description="The present one, where there is a limit.")] | None = (
        None
    )
    owed_micros: Annotated[NotNegative, Meta(description="Of that month.")] | None = None
    until_ms: UntilMillis | None = None


class CarriedBillingMode(Record, frozen=True):
    """How the account pays from an instant on."""

    mode: Mode
    valid_from_ms: Millis
    seq: Annotated[Count, Meta(description="Of the entry that set it.")]
    credit_limit_micros: CreditLimit | None = None


class CarriedBilling(Record, frozen=True):
    """How the account pays now, as it was said last."""

    state: BillingState
    said_ms: Annotated[Millis, Meta(description="When it was looked at last.")]
    credit_limit_micros: CreditLimit | None = None
    until_ms: UntilMillis | None = None


class CarriedOwed(Record, frozen=True):
    """What is owed of a month: drawn `post_paid`, less what came back."""

    month: Month
    owed_micros: NotNegative


OWED_MONTHS_MAX = 24
"""More than an account can have: a call may come of so many months."""
CarriedOwedMonths = Annotated[tuple[CarriedOwed, ...], Meta(max_length=OWED_MONTHS_MAX)]
CarriedBillingModes = Annotated[tuple[CarriedBillingMode, ...], Meta(max_length=BILLING_MODES_MAX)]
CarriedEntitlements = Annotated[tuple[CarriedEntitlement, ...], Meta(max_length=ENTITLEMENTS_MAX)]


class CarriedTimeZone(Record, frozen=True):
    """The time zone of an account from the beginning of a month on, and the one that it follows."""

    time_zone: Name
    previous_time_zone: Name
    valid_from_ms: Millis
    month: Annotated[
        Month,
        Meta(
            description="The one that begins then; no instant after it is of a month before, whatever the clocks show."
        ),
    ]


TIME_ZONES_MAX = 24
"""More than an account can have: one a month, for as long as calls may come."""
CarriedTimeZones = Annotated[tuple[CarriedTimeZone, ...], Meta(max_length=TIME_ZONES_MAX)]


UnlicensedCalls = Literal["charge", "suspend", "waive"]


class SetUnlicensedCalls(Command, frozen=True, tag="set_unlicensed_calls"):
    """Set what becomes of outgoing calls that money would pay, of users who may not spend it, or whom nobody knows."""

    type: ClassVar[Literal["set_unlicensed_calls"]]
    calls: Annotated[
        UnlicensedCalls,
        Meta(
            description="Charged as all others, which is the default; suspended until it is settled who pays; or "
            "charged to nobody."
        ),
    ]
    reason: Note | None = None


class UnlicensedCallsSet(MoneyEntry, frozen=True, tag="unlicensed_calls_set"):
    """What becomes of paid calls of users without the credits licence changed, for every CDR that comes from now on."""

    kind: ClassVar[Literal["unlicensed_calls_set"]]
    command_id: Id
    calls: UnlicensedCalls
    reason: Note | None = None
