"""Open suspense: the calls that wait, as charging keeps them until they are charged, freed, dropped or replaced."""

from typing import Annotated, Final

from msgspec import Meta

from topics.fields import CdrVersion, Id, Millis, Name, Offset, Partition, TenantId
from topics.records.record import Record
from topics.records.rejects import SuspenseReason

OPEN_SUSPENSE_LAYOUT: Final = 1
OPEN_CALLS_MAX: Final = 10_000
"""Of one account."""
OPEN_BYTES_MAX: Final = 64 * 1024 * 1024
"""Of one partition: values of the table, as they lie in memory."""
WORD_CALLS_MAX: Final = 1_000
"""Of those of an account, how many may wait for an operator's word: a month sent again may be nothing else."""
WORD_BYTES_MAX: Final = 8 * 1024 * 1024
"""Likewise of those of a partition."""


class OpenSuspense(Record, frozen=True):
    """A call that waits, for its price, its account or an operator's word: of one id the highest version that came."""

    layout: Annotated[
        int,
        Meta(
            ge=OPEN_SUSPENSE_LAYOUT,
            le=OPEN_SUSPENSE_LAYOUT,
            description="Of this record; another release's is refused.",
        ),
    ]
    tenant_id: TenantId
    cdr_id: Id
    version: CdrVersion
    at_ms: Annotated[Millis, Meta(description="Of the CDR's record: since when it waits.")]
    source_topic: Name
    source_partition: Partition
    source_offset: Offset
    reason: SuspenseReason
    cdr: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=8_388_608,
            description="The record's own text, no digit hidden: its price is asked for again.",
        ),
    ]
    charged: Annotated[
        bool,
        Meta(
            description="Whether a charge of an earlier version stands: then the call is never freed."
        ),
    ] = False
    never_free: Annotated[
        bool, Meta(description="It waits for no price, but for its account: it is never freed.")
    ] = False
    voided: Annotated[
        bool,
        Meta(
            description="Whether a void of an earlier version stands: then the call is not released."
        ),
    ] = False
