"""Statuses: what an account may do now, and what it has left to pay with."""

from typing import Annotated, Literal

from msgspec import Meta

from topics.fields import (
    CallClass,
    CallClasses,
    Count,
    Currency,
    HoursRemaining,
    Micros,
    Millis,
    Name,
    NotNegative,
    Positive,
    TenantId,
    Version,
)
from topics.records.contract import (
    CarriedBillingModes,
    CarriedEntitlements,
    CarriedTimeZones,
    CreditLimit,
    Mode,
)
from topics.records.draws import PoolSeconds, SourceId
from topics.records.record import Record

FUNDS_MAX = 16
STATUS_POOLS_MAX = 4_096

BlockedReason = Annotated[
    Literal[
        "account_closed",
        "balance_not_positive",
        "credit_limit",
        "no_credits",
        "no_user_capability",
        "restricted",
        "spend_limit",
        "user_spend_limit",
    ],
    Meta(
        description="Of an account: it is closed; prepaid and has nothing left; pays later and owes as much as it may; "
        "has no credits at all; a limit of spending was broken and nobody has resumed since. Of a user: no licence to "
        "spend credits; the administrator's restriction; the month's limit is reached."
    ),
]
BlockedCode = Annotated[
    Literal[580462, 580464],
    Meta(
        description="For call control, where one is known: the tenant has no credits; the user may not spend them."
    ),
]


State = Literal["open", "closed", "not_configured"]


class BlockedCalls(Record, frozen=True):
    """A class of calls that is refused now, and why."""

    call_type: CallClass
    reason: BlockedReason
    code: BlockedCode | None = None


Blocked = Annotated[tuple[BlockedCalls, ...], Meta(max_length=16)]


class Funds(Record, frozen=True):
    """Money that is left until an instant."""

    expires_ms: Millis
    amount_micros: Positive
    promotional_micros: (
        Annotated[Positive, Meta(description="So much of it is promotional credit.")] | None
    ) = None


class PoolUse(Record, frozen=True):
    """What is used of a pool, in seconds."""

    pool: SourceId
    used_s: PoolSeconds
    total_s: Annotated[
        PoolSeconds,
        Meta(
            description="What can pay; less than what is used where licences were taken away, and 0 where the seconds "
            "have by now a price in other currencies than the account's."
        ),
    ]


class CreditUse(Record, frozen=True):
    """What is owed of the month in which `at_ms` lies, of an account that pays later up to a limit, or will."""

    owed_micros: NotNegative
    month_ends_ms: Annotated[
        Millis,
        Meta(description="From then on `owed_ahead_micros` is owed until another status says so."),
    ]
    limit_micros: (
        Annotated[
            CreditLimit, Meta(description="None: only a mode that is still to come has a limit.")
        ]
        | None
    ) = None
    owed_ahead_micros: (
        Annotated[
            NotNegative,
            Meta(
                description="What is owed of the month after it already, of calls of platforms whose clocks are ahead; "
                "absent: nothing."
            ),
        ]
        | None
    ) = None


class AccountStatus(Record, frozen=True):
    """What an account has and may do after an entry, `seq`; compacted, one per tenant.

    It goes out at once when what is allowed changes, otherwise at most once a second.
    """

    tenant_id: TenantId
    seq: Count
    at_ms: Millis
    state: Annotated[
        State,
        Meta(description="Not configured: open, without credits; it has plans at most."),
    ]
    mode: Annotated[Mode, Meta(description="At `at_ms`.")]
    time_zone: Annotated[Name, Meta(description="In which its months begin, at `at_ms`.")]
    allowed_call_types: CallClasses
    blocked: Annotated[Blocked, Meta(description="All other classes.")]
    currency: Currency | None = None
    balance_micros: Micros | None = None
    overdraft_micros: NotNegative | None = None
    hours_remaining: HoursRemaining | None = None
    decks: Annotated[tuple[Name, ...], Meta(max_length=16)] = ()
    funds: Annotated[
        tuple[Funds, ...],
        Meta(
            max_length=FUNDS_MAX,
            description="What lots hold by expiry, the earliest first: the balance and the overdraft together; the "
            "last of sixteen is all the rest, at its earliest expiry.",
        ),
    ] = ()
    modes_to_come: Annotated[
        CarriedBillingModes, Meta(description="The billing modes from after `at_ms` on.")
    ] = ()
    entitlements: Annotated[
        CarriedEntitlements,
        Meta(description="The licences of plans at `at_ms`, and those from later on."),
    ] = ()
    plan_version: (
        Annotated[
            Version,
            Meta(description="Of the plan catalog that says how large the pools are; none: none."),
        ]
        | None
    ) = None
    pools: Annotated[
        tuple[PoolUse, ...],
        Meta(
            max_length=STATUS_POOLS_MAX,
            description="Those of the month in which `at_ms` lies that have seconds, or of which some are used; and "
            "those of the month after it that calls of platforms whose clocks are ahead have used, with 0 seconds.",
        ),
    ] = ()
    unlicensed_calls: (
        Annotated[
            Literal["suspend", "waive"],
            Meta(
                description="What becomes of calls that money would pay, of users who may not spend it, whom nobody "
                "knows, or of nobody; none: they are charged."
            ),
        ]
        | None
    ) = None
    credit: CreditUse | None = None
    time_zone_changes: Annotated[
        CarriedTimeZones,
        Meta(description="The last one, if `time_zone` came by it, and the one to come."),
    ] = ()
