"""Plan catalog: which calls plans pay in seconds, and what pays after them, as one versioned record."""

from typing import Annotated, Literal

from msgspec import Meta

from topics.fields import (
    CallDirection,
    Country,
    Currency,
    Moment,
    Name,
    PlanId,
    Version,
    whole,
)
from topics.records.record import Record

PLANS_MAX = 500
ALLOWANCES_MAX = 16
"""Of one plan."""
ALLOWANCE_S_MAX = 900_000_000
"""15 million minutes: those of ten million licences are an integer that is exact in every language."""
UNIT_S_MAX = 3_600
RANK_MAX = 1_000
PRICES_MAX = 32
"""Of one allowance: a currency each."""
PRICE_MICROS_MAX = 1_000_000_000
"""A thousand of the currency: a price above it is a slip."""
ZONES_MAX = 100
COUNTRIES_MAX = 300
"""Of one zone or group: more than there are."""
GROUPS_MAX = 100
CHAINS_MAX = 100
SOURCES_MAX = 16
TYPES_MAX = 32
"""Call types, number types or zones that one allowance names."""
PREFIXES_MAX = 1_000
CATALOG_BYTES_MAX = 1_000_000
"""Of the record: with what Kafka adds to it, it is below the topic's largest."""
CREDITS = "credits"
"""The source that is no pool: what the account has paid for in advance."""
ANY_TYPE = "*"
"""The call type of a chain for all that no other names."""

_SLUG = whole(r"[a-z][a-z0-9_-]*")
"""In small letters: no country looks like it."""

_Slug = Annotated[str, Meta(min_length=1, max_length=64, pattern=_SLUG)]
ZoneId = Annotated[_Slug, Meta(description="A name in small letters, digits, `-` and `_`.")]
_Zones = Annotated[tuple[ZoneId, ...], Meta(max_length=TYPES_MAX)]
_CallType = Annotated[str, Meta(min_length=1, max_length=32)]
_NumberType = Annotated[str, Meta(min_length=1, max_length=32)]
_Countries = tuple[Country, ...]


class CountryZone(Record, frozen=True):
    """Countries under one name, for the scope of allowances."""

    zone_id: ZoneId
    countries: Annotated[
        _Countries,
        Meta(min_length=1, max_length=COUNTRIES_MAX, description="Each once."),
    ]


class SharingGroup(Record, frozen=True):
    """Usage countries that share their pools, and are domestic to each other."""

    group_id: Annotated[_Slug, Meta(description="It names the group's pools; no country is.")]
    countries: Annotated[
        _Countries,
        Meta(min_length=2, max_length=COUNTRIES_MAX, description="A country is in one group."),
    ]


class MinutePrice(Record, frozen=True):
    """What an account of a currency pays in money for the seconds that it draws on a pool."""

    currency: Annotated[Currency, Meta(description="Of the accounts that pay it.")]
    per_minute_micros: Annotated[
        int,
        Meta(
            ge=0,
            le=PRICE_MICROS_MAX,
            description="For 60 of the seconds that the pool pays of a call, rounded up to millionths once a call.",
        ),
    ] = 0
    fee_micros: Annotated[
        int,
        Meta(ge=0, le=PRICE_MICROS_MAX, description="For each call of which the pool pays any."),
    ] = 0


class Allowance(Record, frozen=True):
    """Seconds that a plan gives every month, and the calls that they pay. One month's seconds are a pool."""

    allowance_id: Annotated[
        _Slug, Meta(description="Of its plan; ledger entries name the pool by it.")
    ]
    pool: Annotated[
        _Slug,
        Meta(
            description="The name by which funding chains draw on it; many allowances may share one."
        ),
    ]
    seconds: Annotated[
        int,
        Meta(ge=1, le=ALLOWANCE_S_MAX, description="In a calendar month, of what `per` says."),
    ]
    per: Annotated[
        Literal["licence", "user", "account"],
        Meta(
            description="`licence`: so many for every licence, in one pool for all of them. `user`: every user with "
            "the plan has a pool alone, however many licences there are, if there is one in the user's country. "
            "`account`: one pool, of the same size however many licences there are."
        ),
    ] = "licence"
    pooled_by: Annotated[
        Literal["country_group", "account"],
        Meta(
            description="Of `per` licence. `country_group`: licences share a pool where their usage countries are "
            "the same, or of one sharing group. `account`: all licences of the plan share one."
        ),
    ] = "country_group"
    scope: Annotated[
        Literal["domestic", "international", "any"],
        Meta(
            description="`domestic`: the destination is the usage country, or of its sharing group. "
            "`international`: it is another. `any`: either. A destination without a country is of no scope."
        ),
    ] = "any"
    zones: Annotated[
        _Zones,
        Meta(
            description="The destination is in one of these zones, besides; none: any destination."
        ),
    ] = ()
    usage_zones: Annotated[
        _Zones,
        Meta(description="The usage country of the licence is in one of these zones; none: any."),
    ] = ()
    number_types: Annotated[
        tuple[_NumberType, ...],
        Meta(
            max_length=TYPES_MAX,
            description="Types of the number called, as decks name them, in any letter case; none: all.",
        ),
    ] = ()
    call_types: Annotated[
        tuple[_CallType, ...],
        Meta(
            max_length=TYPES_MAX,
            description="Call types of CDRs, in any letter case; none: all whose funding chain names the pool.",
        ),
    ] = ()
    rank: Annotated[
        int,
        Meta(
            ge=0,
            le=RANK_MAX,
            description="Of several pools of one name the lowest rank is drawn first, then the catalog's order.",
        ),
    ] = 0
    prices: Annotated[
        tuple[MinutePrice, ...],
        Meta(
            max_length=PRICES_MAX,
            description="Of seconds that cost money besides, one of each currency; an account of another has none "
            "of them. Empty: they cost nothing.",
        ),
    ] = ()


class Plan(Record, frozen=True):
    """What one licence gives."""

    plan_id: PlanId
    name: Annotated[Name, Meta(description="For people.")]
    allowances: Annotated[
        tuple[Allowance, ...],
        Meta(max_length=ALLOWANCES_MAX, description="Empty: all calls are paid from credits."),
    ]
    unit_s: Annotated[
        int,
        Meta(
            ge=1,
            le=UNIT_S_MAX,
            description="A pool pays whole units of so many seconds; a call is rounded up to them.",
        ),
    ] = 60
    exhaustion: Annotated[
        Literal["independent", "whichever_first"],
        Meta(
            description="`whichever_first`: once one of the plan's allowances of a pool name is used up, the others "
            "of that name give nothing more in that month."
        ),
    ] = "independent"


class FundingChain(Record, frozen=True):
    """What pays calls of a type, in this order: pools by name, then credits."""

    call_type: Annotated[
        _CallType,
        Meta(
            description="Of CDRs, in any letter case; `*`: all of the direction that no other chain names."
        ),
    ]
    sources: Annotated[
        tuple[_Slug, ...],
        Meta(
            min_length=1,
            max_length=SOURCES_MAX,
            description="Names of pools, each once; the last is `credits`.",
        ),
    ]
    direction: CallDirection = "out"


class PlanCatalog(Record, frozen=True):
    """One version, whole and immutable; where none is in force all calls are paid from credits."""

    version: Version
    valid_from: Annotated[Moment, Meta(description="Holds for calls that start from then on.")]
    plans: Annotated[
        tuple[Plan, ...],
        Meta(max_length=PLANS_MAX, description="What accounts may be entitled to."),
    ]
    chains: Annotated[
        tuple[FundingChain, ...],
        Meta(
            max_length=CHAINS_MAX,
            description="An outgoing call that no chain names is paid from credits, an incoming one as decks say.",
        ),
    ]
    unpooled_number_types: Annotated[
        tuple[_NumberType, ...],
        Meta(max_length=TYPES_MAX, description="Never drawn from a pool, whatever allowances say."),
    ]
    unpooled_prefixes: Annotated[
        tuple[Annotated[str, Meta(pattern=whole(r"\+[1-9][0-9]{0,14}"))], ...],
        Meta(
            max_length=PREFIXES_MAX,
            description="Likewise numbers that begin so; with the plus sign.",
        ),
    ] = ()
    zones: Annotated[
        tuple[CountryZone, ...],
        Meta(max_length=ZONES_MAX, description="Countries under names, which allowances use."),
    ] = ()
    sharing_groups: Annotated[
        tuple[SharingGroup, ...],
        Meta(
            max_length=GROUPS_MAX,
            description="Usage countries that share pools. A country in none shares with itself.",
        ),
    ] = ()
