"""The charge of a CDR: what every entry says, the call, a line for each component of the price, and who pays."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, field

from topics.fields import (
    AMOUNT_MICROS_MAX,
    NOT_NEGATIVE,
    Actor,
    CallDirection,
    CdrVersion,
    Count,
    Country,
    Id,
    Millis,
    Name,
    Note,
    NotNegative,
    Number,
    Seconds,
    SettingsVersion,
)
from topics.records.cdr import Disposition
from topics.records.draws import Draws
from topics.records.ledger import Lot, MoneyEntry
from topics.records.record import Record
from topics.records.rejects import SuspenseReason

ChargeOutcome = Literal["rated", "free"]
FreeReason = Literal[
    "unanswered",
    "zero_duration",
    "emergency",
    "inbound",
    "free_rate",
    "grace",
    "freecall",
    "voided",
]
LineKind = Literal[
    "usage",
    "connection_fee",
    "regulatory_fee",
    "surcharge",
    "min_charge",
    "pool",
    "pool_usage",
    "pool_fee",
]


class Span(Record, frozen=True):
    """A stretch of a call under one rate."""

    start_ms: Millis
    seconds: Seconds
    billed_s: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    rate_nanos: Annotated[
        int, NOT_NEGATIVE, Meta(description="Billionths of the currency per `per_s` seconds.")
    ]
    per_s: Annotated[int, Meta(ge=1, le=86_400)]
    amount_nanos: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000 * AMOUNT_MICROS_MAX,
            description="For reading: the charge is rounded once, over all spans and fees.",
        ),
    ]


class ChargeLine(Record, frozen=True):
    """What one component adds to a charge: `quantity` at `rate_nanos` for `per`, or at the rates of its spans.

    The charge is rounded and capped once, over all components; each fee then takes its amount of it as far as it goes,
    in order, and what is left is usage. What is missing then to the least that a call costs is a line of its own.
    So is each pool, with its seconds and no money; after it stands what the plan asks for them, which no deck bounds.
    """

    kind: LineKind
    amount_micros: Annotated[
        NotNegative, Meta(description="The lines of an entry add up to its charge.")
    ]
    quantity: Annotated[
        int,
        Meta(
            ge=0,
            le=2**31 - 1,
            description="Of usage and pools the seconds that are billed; of all others 1.",
        ),
    ] = 1
    rate_nanos: (
        Annotated[
            int,
            NOT_NEGATIVE,
            Meta(
                description="Billionths of the currency for `per` of the quantity; none: the spans say."
            ),
        ]
        | None
    ) = None
    per: Annotated[
        int, Meta(ge=1, le=86_400, description="Of a pool: the seconds of its plan's unit.")
    ] = 1
    spans: Annotated[
        tuple[Span, ...],
        Meta(max_length=10_000, description="Empty where one rate held for the whole call."),
    ] = ()


class ChargedCall(Record, frozen=True):
    """What the CDR says of the call: every input of its price, for CDRs are kept for days and the ledger for years."""

    direction: CallDirection
    to: Number
    answered_ms: Annotated[
        Millis, Meta(description="The start of the call where no answer was named.")
    ]
    ended_ms: Millis
    duration_s: Seconds
    started_ms: (
        Annotated[
            Millis, Meta(description="When it began to ring; none where no answer was named.")
        ]
        | None
    ) = None
    from_: Annotated[str, Meta(min_length=1, max_length=64)] | None = field(
        default=None, name="from"
    )
    disposition: Disposition = "answered"
    call_type: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    service_number_type: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    usage_country: Country | None = None
    user_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    organizer_id: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=128,
                description="Of a conference: whose call it is, instead of the user's.",
            ),
        ]
        | None
    ) = None
    routing_number: Annotated[
        Number | None,
        Meta(description="Where the number dialled led to: the call is priced by it instead."),
    ] = None


class Waited(Record, frozen=True):
    """The suspense record that an entry ends, since when it waited for what, and who has ended it."""

    suspense_id: Id
    at_ms: Annotated[Millis, Meta(description="Of the CDR's record; the entry has its own time.")]
    reason: SuspenseReason
    by: Annotated[
        Actor | None, Meta(description="Who asked; none: time did, the call is free.")
    ] = None
    why: Note | None = None


class Charge(MoneyEntry, frozen=True, tag="charge"):
    """A CDR was charged (or was free: `charge_micros` 0)."""

    kind: ClassVar[Literal["charge"]]
    cdr_id: Id
    outcome: ChargeOutcome
    charge_micros: NotNegative
    call: ChargedCall
    version: CdrVersion = 1
    reason: FreeReason | None = None
    grace_s: (
        Annotated[
            int,
            Meta(ge=2, le=86_400, description="Where the reason is grace: the call was shorter."),
        ]
        | None
    ) = None
    deck_id: Name | None = None
    deck_version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    prefix: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    destination: Annotated[str, Meta(max_length=200)] | None = None
    lines: Annotated[tuple[ChargeLine, ...], Meta(max_length=128)] = ()
    draws: Draws = ()
    late_after_expiry: Annotated[
        bool, Meta(description="A lot that could have paid had been forfeited before the CDR came.")
    ] = False
    reverses: (
        Annotated[
            Id,
            Meta(
                description="Of a correction: the charge that it replaces, taken back by the entry before, or "
                "earlier by a void; of a void that found nothing to take back, its own entry. Its money is late, and "
                "counts for no limit of spending and no runway."
            ),
        ]
        | None
    ) = None
    plan_version: (
        Annotated[
            int,
            Meta(ge=1, le=2**31 - 1, description="Of the plan catalog, where pools pay."),
        ]
        | None
    ) = None
    entitlement_seq: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=2**53 - 1,
                description="Likewise: the latest entry that says how large the pools are.",
            ),
        ]
        | None
    ) = None
    generation: Annotated[
        Count,
        Meta(
            description="Of a charge that was rated again: how often. It replaces the charge taken back by the entry "
            "before."
        ),
    ] = 0
    job_id: (
        Annotated[Id, Meta(description="Of what released it from suspense, or rated it again.")]
        | None
    ) = None
    waited: Annotated[
        Waited | None,
        Meta(
            description="Of a call that was in suspense: what came of waiting. Its money is late, and counts for no "
            "limit of spending and no runway."
        ),
    ] = None
    settings_version: SettingsVersion | None = None


class ChargeReversed(MoneyEntry, frozen=True, tag="charge_reversed"):
    """A charge was taken back as a whole, by a correction or a re-rating, whose charge is the next entry, or by a void.

    The money goes first to debt, then back to the lots that paid, the last one first; what none of them can take, since
    it is forfeited or forgotten, opens a lot of its own.
    """

    kind: ClassVar[Literal["charge_reversed"]]
    cdr_id: Id
    version: Annotated[CdrVersion, Meta(description="Of the charge that is taken back.")]
    by: Literal["correction", "void", "rerating"]
    by_version: Annotated[
        CdrVersion,
        Meta(description="Of the CDR that takes it back; of a re-rating that of the charge."),
    ]
    reverses: Annotated[Id, Meta(description="The entry of the charge; of each at most one.")]
    reversed_micros: Annotated[NotNegative, Meta(description="What had been charged.")]
    returns: Annotated[
        Draws,
        Meta(
            description="What each source gets back, in this order: a shortfall is debt that is paid, grace a lot "
            "that had expired, which changes no balance. A lot with its times is opened again."
        ),
    ] = ()
    lot: Annotated[Lot, Meta(description="What no source can take back.")] | None = None
    settings_version: SettingsVersion | None = None
    job_id: Annotated[Id | None, Meta(description="Of a re-rating: the job.")] = None
    actor: Annotated[Actor | None, Meta(description="Likewise: who asked.")] = None
    why: Note | None = None
