"""Re-rating: a charge that stands is to be priced again, by the decks and plans as they are now."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from topics.fields import Actor, CdrVersion, Id, Millis, Note, Offset
from topics.records.commands import Command


class RerateCall(Command, frozen=True, tag="rerate_call"):
    """Rate a charge again: where it comes to something else, take it back and post it anew; else leave it alone."""

    type: ClassVar[Literal["rerate_call"]]
    cdr_id: Id
    version: CdrVersion
    entry_id: Annotated[
        Id, Meta(description="Of the charge; where another stands by now, that is left alone.")
    ]
    offset: Annotated[
        Offset,
        Meta(
            description="Where that lies on the ledger, in the tenant's partition: of a call that charging remembers "
            "no more, it is looked for there."
        ),
    ]
    seen_ms: Annotated[
        Millis,
        Meta(
            description="Up to entries of this time the ledger was read, in that partition, and none takes the charge "
            "back. Of a call that charging remembers no more, what came since must be remembered."
        ),
    ]
    job_id: Annotated[
        Id, Meta(description="Of what it is a part of: no job rates again what it has posted.")
    ]
    by: Actor
    why: Note | None = None
