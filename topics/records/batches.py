"""The batch manifest."""

from typing import Annotated, Final

from msgspec import Meta

from topics.fields import Count, Millis, Name, Offset, Partition
from topics.records.record import Record
from topics.records.running_sums import RunningSums

MANIFEST_LAYOUT: Final = 1
"""Of header and packed ids; a manifest of another is refused."""


class BatchManifest(Record, frozen=True):
    """The header of a batch manifest: what one atomic step read and wrote; the packed ids follow it."""

    layout: Annotated[
        int,
        Meta(
            ge=MANIFEST_LAYOUT,
            le=MANIFEST_LAYOUT,
            description="Of the header and of the packed ids; another release's is refused.",
        ),
    ]
    app: Name
    source_topic: Name
    partition: Partition
    first_offset: Offset
    next_offset: Offset
    records: Count
    outcomes: dict[str, int]
    ledger: Annotated[Count, Meta(description="Ledger entries written in this step.")]
    events: Count
    ids: Count
    at_ms: Annotated[Millis, Meta(description="Highest record time of the batch.")]
    sums: Annotated[
        RunningSums | None,
        Meta(description="Of charging, the partition's after this step; older releases say none."),
    ] = None
