"""Original: the record that a letter is of, as it was written, and what may be written again of it. No clock, no I/O.

Rule 1: what is written again are the bytes that were written first: key, value and headers, from the source topic for
        as long as it keeps them (R13). A letter has no headers, at most 64 KiB, and hides digits as settings say: it
        stands in for the record where nothing of that is wanting.
Rule 2: what would be a dead letter again is not written: its reader is asked before, and whose partition it is.
Rule 3: a batch of Kafka's that was not unpacked is several records, and nobody has them: their writer sends them again.
"""

from typing import Any, Final, NamedTuple

from rater.core.pricing.masking import Masks
from rater.shell.admin.publish import Ready, partition_for
from rater.shell.admin.readers import unreadable
from rater.wire.dead_letters import is_of, is_whole, kept_of, said_tenant
from rater.wire.masking import masked_detail
from topics.keys import TENANT
from topics.partitioner import partition_of
from topics.records import Dead
from topics.topic import Topic

Headers = tuple[tuple[str, bytes], ...]
SEVERAL: Final = (
    "it stands for a batch of records that was not unpacked: have them written again, then drop it"
)
ANOTHER: Final = "another record lies in its place: the topic was made anew"
_GONE: Final = "its record is gone from the topic, and the letter has"


class Original(NamedTuple):
    """A record as it was written."""

    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int


class Outgoing(NamedTuple):
    """What is written to a topic, in place of a record that became a dead letter."""

    topic: Topic
    key: bytes | None
    value: bytes
    headers: Headers
    partition: int
    is_corrected: bool = False


def original_of(dead: Dead, found: Any, *, hides: bool) -> Original | str:
    """Return the record that a letter is of, or why nobody has it.

    `found` is what lies in its place, None where retention has deleted it; `hides`: the letter may hide digits.
    """
    if dead.source_last_offset is not None:
        return SEVERAL
    partition = dead.source_partition
    if found is not None:
        # Of a record without a time (-1) the letter has that of the stream, or none: its key and value have to tell.
        is_timeless = found.timestamp < 0 and not hides
        is_its_time = is_timeless or found.timestamp == dead.at_ms
        if not is_its_time or not is_of(dead, found.key, found.value, hides=hides):
            return ANOTHER
        return Original(found.key, found.value, tuple(found.headers), partition)
    if not is_whole(dead):
        return f"{_GONE} a part of it"
    if hides:
        return f"{_GONE} it with digits hidden"
    return Original(kept_of(dead.key_b64), kept_of(dead.value_b64), (), partition)


def outgoing(
    topic: Topic, original: Original, partitions: int, masks: Masks = ()
) -> Outgoing | str:
    """Return what is to be written of an original as it is, or why it would be a dead letter again.

    What is said of it has the digits hidden that `masks` hide.
    """
    value = original.value or b""
    if (why := unread(topic, value, masks)) is not None:
        return why
    partition = partition_for(topic, Ready(original.key, value, original.partition), partitions)
    tenant = said_tenant(value) if topic.key is TENANT else None
    if tenant is not None:
        right = tenant.encode()
        if original.key != right or partition != partition_of(right, partitions):
            return (
                "it would be a dead letter again: its key is not its tenant; mend it, --with FILE"
            )
    return Outgoing(topic, original.key, value, original.headers, partition)


def rekeyed(topic: Topic, original: Original, partitions: int, masks: Masks = ()) -> Outgoing | str:
    """Return an original as it is to be written under the key of its tenant: the same bytes and headers."""
    value = original.value or b""
    if (why := unread(topic, value, masks)) is not None:
        return why
    tenant = said_tenant(value)
    assert tenant is not None, original
    key = tenant.encode()
    return Outgoing(topic, key, value, original.headers, partition_of(key, partitions))


def unread(topic: Topic, value: bytes, masks: Masks) -> str | None:
    """Return why a value would be a dead letter again; None where it would not."""
    if (why := unreadable(topic.name, value)) is None:
        return None
    where = f"{why.field}: " if why.field else ""
    detail = masked_detail(why.detail, masks)
    return f"it would be a dead letter again: {where}{detail}; mend it, --with FILE"


def corrected(topic: Topic, ready: Ready, headers: Headers, partitions: int) -> Outgoing:
    """Return what is to be written in place of an original: a record that was checked, under the key that it wants."""
    partition = partition_for(topic, ready, partitions)
    return Outgoing(topic, ready.key, ready.value, headers, partition, is_corrected=True)
