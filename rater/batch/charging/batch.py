"""A batch of any source of charging: which one decides the records of a topic."""

from collections.abc import Sequence

from rater.batch.charging.cdr_batch import CdrBatch, Record
from rater.batch.charging.command_batch import CommandBatch
from rater.batch.charging.decision import Decision
from rater.batch.charging.partition_state import Shard
from rater.core.pricing.rules import Rules
from topics.catalog import CDR_RAW


def begin(shard: Shard, topic: str, rules: Rules, partitions: int) -> CdrBatch | CommandBatch:
    """Begin a batch of a source topic; `partitions` is the topic's count, for records that lie wrongly."""
    if topic == CDR_RAW.name:
        return CdrBatch(shard, rules, partitions)
    return CommandBatch(shard, topic, rules, partitions)


def decide(
    shard: Shard, topic: str, records: Sequence[Record], rules: Rules, partitions: int
) -> Decision:
    """Decide a batch at one go."""
    batch = begin(shard, topic, rules, partitions)
    batch.read(records)
    batch.decide()
    return batch.decision
