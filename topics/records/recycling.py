"""Recycling: what is asked of a call that waits in suspense, and what the ledger says of one that was given up."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from topics.fields import Actor, CdrVersion, Id, Millis, Note
from topics.records.charge import Waited
from topics.records.commands import Command
from topics.records.ledger import Entry


class _Recycling(Command, frozen=True):
    """Of which call, and who asks."""

    cdr_id: Id
    version: CdrVersion
    suspense_id: Annotated[
        Id, Meta(description="Of the record that waits: what waits in its place is left alone.")
    ]
    job_id: Annotated[
        Id, Meta(description="Of what it is a part of; sent again it has the same commands.")
    ]
    by: Actor
    why: Note | None = None


class ReleaseCall(_Recycling, frozen=True, tag="release_call"):
    """Look again at a call that waits: charge it as it would have been charged, or say what it waits for now."""

    type: ClassVar[Literal["release_call"]]
    seen_ms: Annotated[
        Millis | None,
        Meta(
            description="Of a call that waits for an operator's word: up to entries of this time the ledger was read, "
            "in the tenant's partition, and none says anything of the call."
        ),
    ] = None


class DropCall(_Recycling, frozen=True, tag="drop_call"):
    """Give up a call that waits: it is never charged."""

    type: ClassVar[Literal["drop_call"]]


class CallDropped(Entry, frozen=True, tag="call_dropped"):
    """A call that waited was given up, for good; no account has changed, and it takes no number of one."""

    kind: ClassVar[Literal["call_dropped"]]
    command_id: Id
    cdr_id: Id
    version: CdrVersion
    waited: Waited
    job_id: Id
