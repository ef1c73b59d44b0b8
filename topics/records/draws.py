"""Draws: what each source pays of an amount."""

from typing import Annotated, Literal

from msgspec import Meta

from topics.fields import Id, Millis, Positive
from topics.records.record import Record


class Draw(Record, frozen=True):
    """What one source pays of an amount; the draws of an entry are all that it takes, in order."""

    source: Annotated[
        Literal["lot", "pool", "post_paid", "waived", "shortfall"],
        Meta(
            description="A lot of the account; a month of a pool of minutes; an account that pays later; nobody, by an "
            "operator's word; or what no lot covers, which becomes debt. Lots and shortfall alone are drawn yet."
        ),
    ] = "lot"
    id: Annotated[Id, Meta(description="Of the lot, or the month of the pool.")] | None = None
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
                description="Of a lot that this empties, and that is forgotten: what opens it again."
            ),
        ]
        | None
    ) = None
    expires_ms: Annotated[Millis, Meta(description="Likewise.")] | None = None


Draws = Annotated[tuple[Draw, ...], Meta(max_length=10_000)]
