"""Users of a tenant: the command that sets one, its ledger entry, and its status."""

from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from topics.fields import Count, Id, Millis, Month, Note, NotNegative, PlanId, Positive, TenantId
from topics.records.commands import Command
from topics.records.contract import DatedBack, UsageCountry, ValidFrom, ValidFromMillis
from topics.records.ledger import MoneyEntry
from topics.records.record import Record
from topics.records.status import Blocked, PoolUse

USER_TERMS_MAX: Final = 32
"""As many as are kept of a user."""
USER_POOLS_MAX: Final = 1_024
PlanIds = Annotated[
    tuple[PlanId, ...],
    Meta(max_length=16, description="The plans of which the user has a licence, each once."),
]
CreditsLicence = Annotated[
    bool, Meta(description="Whether the user's calls may be paid from the tenant's credits.")
]
MonthlySpendLimit = (
    Annotated[
        Positive,
        Meta(description="Of the user's outbound calls in a month; none: no limit."),
    ]
    | None
)
OutboundCalls = Annotated[
    Literal["any", "domestic", "none"], Meta(description="Which calls the user may make.")
]
ConferenceDialOut = Annotated[
    Literal["any", "same_country", "zone", "none"],
    Meta(description="Which numbers may be called from conferences that the user organizes."),
]


class SetUser(Command, frozen=True, tag="set_user"):
    """Set all of a user; what is not said is the default. It refuses no CDR; what it blocks, the user's status says."""

    type: ClassVar[Literal["set_user"]]
    user_id: Annotated[Id, Meta(description="As CDRs name the user.")]
    usage_country: UsageCountry
    plan_ids: PlanIds = ()
    credits_licence: CreditsLicence = False
    monthly_spend_limit_micros: MonthlySpendLimit = None
    outbound_calls: OutboundCalls = "any"
    conference_dial_out: ConferenceDialOut = "any"
    valid_from: ValidFrom | None = None
    reason: Note | None = None


class UserSet(MoneyEntry, frozen=True, tag="user_set"):
    """What a user may do changed, from `valid_from_ms` on; `seq` is the number by which that is named."""

    kind: ClassVar[Literal["user_set"]]
    command_id: Id
    user_id: Id
    valid_from_ms: ValidFromMillis
    usage_country: UsageCountry
    outbound_calls: OutboundCalls
    conference_dial_out: ConferenceDialOut
    plan_ids: PlanIds = ()
    credits_licence: CreditsLicence = False
    monthly_spend_limit_micros: MonthlySpendLimit = None
    dated_back: DatedBack = False
    reason: Note | None = None


class UserTerms(Record, frozen=True):
    """What a user may do from an instant on."""

    valid_from_ms: Millis
    seq: Annotated[Count, Meta(description="Of the entry that set it.")]
    usage_country: UsageCountry
    outbound_calls: OutboundCalls
    conference_dial_out: ConferenceDialOut
    plan_ids: PlanIds = ()
    credits_licence: CreditsLicence = False
    monthly_spend_limit_micros: MonthlySpendLimit = None


class UserStatus(Record, frozen=True):
    """What a user may do after an entry of the account, `seq`, and what is counted; compacted, one per user.

    It goes out at once when what is blocked changes, otherwise at most once a second.
    """

    tenant_id: TenantId
    user_id: Id
    seq: Count
    at_ms: Millis
    valid_from_ms: Annotated[
        Millis,
        Meta(description="Of what was set; after `at_ms` where nothing was in force by then."),
    ]
    usage_country: UsageCountry
    outbound_calls: OutboundCalls
    conference_dial_out: ConferenceDialOut
    month: Annotated[Month, Meta(description="In which `at_ms` lies, by the account's clocks.")]
    spent_micros: Annotated[
        NotNegative, Meta(description="Of outgoing calls that started in the month.")
    ]
    blocked: Annotated[
        Blocked,
        Meta(
            description="Besides what the account's status blocks. Restrictions that depend on the number called are "
            "to be looked at beside it."
        ),
    ] = ()
    plan_ids: PlanIds = ()
    credits_licence: CreditsLicence = False
    limit_micros: MonthlySpendLimit = None
    blocked_until_ms: (
        Annotated[
            Millis, Meta(description="Until when the month's limit blocks: the end of the month.")
        ]
        | None
    ) = None
    pools: Annotated[
        tuple[PoolUse, ...],
        Meta(
            max_length=USER_POOLS_MAX,
            description="Those that the user has alone in the month; and those of the month after it that calls of "
            "platforms whose clocks are ahead have used, with 0 seconds.",
        ),
    ] = ()
    later: Annotated[
        tuple[UserTerms, ...],
        Meta(max_length=USER_TERMS_MAX, description="What was set from later instants on."),
    ] = ()
    spent_ahead_micros: (
        Annotated[
            NotNegative,
            Meta(
                description="What was spent of the month after it already, by calls of platforms whose clocks are "
                "ahead; absent: nothing."
            ),
        ]
        | None
    ) = None
