"""A batch of any source of charging: which one decides the records of a topic."""

from collections.abc import Mapping, Sequence

from rater.batch.charging.cdr_batch import CdrBatch
from rater.batch.charging.command_batch import CommandBatch
from rater.batch.charging.decision import Decision
from rater.batch.charging.partition_state import Shard
from rater.batch.charging.record import Record
from rater.core.pricing.rules import Rules
from topics.catalog import CDR_RAW


def begin(shard: Shard, topic: str, rules: Rules, partitions: int) -> CdrBatch | CommandBatch:
    """Begin a batch of a source topic; `partitions` is the topic's count, for records that lie wrongly."""
    if topic == CDR_RAW.name:
        return CdrBatch(shard, rules, partitions)
    return CommandBatch(shard, topic, rules, partitions)


def decide(  # noqa: PLR0913, PLR0917
    shard: Shard,
    topic: str,
    records: Sequence[Record],
    rules: Rules,
    partitions: int,
    ledger: Mapping[int, bytes] | None = None,
) -> Decision:
    """Decide a batch at one go; `ledger` has the partition's entries by offset, as far as corrections may ask."""
    batch = begin(shard, topic, rules, partitions)
    read = batch.read(records)
    assert read == len(records), f"{len(records)} records at one go, with too many corrections"
    entries = ledger or {}
    batch.give({offset: entries[offset] for offset in batch.needs()})
    if isinstance(batch, CommandBatch):
        batch.give({offset: entries[offset] for offset in batch.named() if offset in entries})
    batch.decide()
    return batch.decision
