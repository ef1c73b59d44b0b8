"""The batch manifest."""

from typing import Annotated

from msgspec import Meta

from topics.fields import Count, Millis, Name, Offset, Partition
from topics.records.record import Record


class BatchManifest(Record, frozen=True):
    """The header of a batch manifest: what one atomic step read and wrote; the packed ids follow it."""

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
