"""The batch manifest."""

from dataclasses import dataclass
from typing import Annotated

from topics.fields import About, Count, Millis, Name, Offset, Partition


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchManifest:
    """The header of a batch manifest: what one atomic step read and wrote; the packed ids follow it."""

    app: Name
    source_topic: Name
    partition: Partition
    first_offset: Offset
    next_offset: Offset
    records: Count
    outcomes: dict[str, int]
    ledger: Annotated[Count, About("Ledger entries written in this step.")]
    events: Count
    ids: Count
    at_ms: Annotated[Millis, About("Highest record time of the batch.")]
