"""Draws: what each source pays of an amount."""

from typing import Annotated, Literal

from msgspec import Meta

from topics.fields import ID_PATTERN, Id, LotCategory, Millis, Positive, whole
from topics.records.record import Record

SourceId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=320,
        pattern=whole(ID_PATTERN),
        description="Of a pool it is month, plan, allowance, and the country or sharing group that shares it, as "
        "`2026-12/MCOPSTN1/domestic/us_pr`; of one that a user has alone, the user, "
        "as `2026-12/MCOPSTN8/domestic/user=ann`; of what is paid later, the month that owes it, as `2026-12`.",
    ),
]


PoolSeconds = Annotated[int, Meta(ge=0, le=2**53 - 1)]
PoolOwner = Annotated[Id, Meta(description="Who has the pool alone; none: it is shared.")] | None
PaysLater = Annotated[
    bool, Meta(description="What the balance does not pay of calls is owed of the month.")
]


class Draw(Record, frozen=True):
    """What one source pays of an amount; the draws of an entry are all that it takes, in order."""

    source: Annotated[
        Literal["lot", "pool", "post_paid", "waived", "shortfall"],
        Meta(
            description="A lot of the account; a month of a pool of minutes; a month that is paid later, moving no "
            "balance; nobody, by an operator's word; or what no lot covers, which becomes debt."
        ),
    ] = "lot"
    id: Annotated[SourceId, Meta(description="Of the lot, the pool or the month.")] | None = None
    amount_micros: Annotated[Positive, Meta(description="Where money pays.")] | None = None
    quantity: (
        Annotated[int, Meta(ge=1, le=2**53 - 1, description="Seconds, where a pool pays.")] | None
    ) = None
    grace: Annotated[
        bool,
        Meta(description="The lot had expired and left the balance; the call ended before that."),
    ] = False
    purchased_ms: (
        Annotated[
            Millis,
            Meta(
                description="Of a lot that this empties, and that is forgotten, and of all promotional credit: what "
                "opens it again."
            ),
        ]
        | None
    ) = None
    expires_ms: Annotated[Millis, Meta(description="Likewise.")] | None = None
    category: LotCategory | None = None


Draws = Annotated[tuple[Draw, ...], Meta(max_length=10_000)]
