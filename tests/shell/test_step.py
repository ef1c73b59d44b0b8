"""The step: what it reports of a batch. That it charges right is for the stories and the tests on Kafka."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

from prometheus_client import CollectorRegistry

from rater.batch.charging.partition_state import Shard
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.rules import Rules
from rater.shell.charging.decider import ChargingDecider
from rater.shell.process.health import Health
from rater.shell.process.metrics import Metrics
from rater.shell.step import Stepper
from rater.shell.stream.batches import RecordBatch
from rater.wire.pricing.numbering import load_numbers
from rater.wire.settings.currencies import shipped_book
from topics import catalog

TURN_S = 0.3


class Busy:
    """Transactions whose turn comes late; what is sent gets no place but the first."""

    @asynccontextmanager
    async def step(self, _: Any) -> AsyncIterator["Busy"]:
        await asyncio.sleep(TURN_S)
        yield self

    def send_nowait(self, topic: str, partition: int, records: Any) -> None:
        pass

    async def send(self, topic: str, partition: int, records: Any) -> range:
        return range(len(records))

    async def commit(self, next_offset: int | None = None) -> None:
        pass


async def test_waiting_for_the_partitions_turn_counts_as_no_stage_of_the_batch() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    shard = Shard.empty(0)
    rules = Rules(DeckBook.of([]), load_numbers(), shipped_book())
    decider = ChargingDecider(lambda _: shard, lambda: rules, metrics, 1)
    stepper = Stepper(Busy, decider, metrics, Health(metrics))
    record = SimpleNamespace(offset=0, timestamp=1, key=b"acme", value=b"{not json")
    tp = SimpleNamespace(topic=catalog.CDR_RAW.name, partition=0)

    await stepper.take(RecordBatch(cast("Any", tp), cast("Any", [record]), 0, 1))

    for stage in ("decode", "decide", "commit"):
        spent = registry.get_sample_value("rater_batch_duration_seconds_sum", {"stage": stage})
        assert spent is not None
        assert spent < TURN_S / 2, stage
