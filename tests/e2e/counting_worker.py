"""A worker that counts: the smallest app that would show a lost, doubled or torn step.

Every record of two source topics adds one to the count of its key, and writes the count and where
it came from to an output topic. Counts live in one table; a second table, whose changelog is
deleted by time, keeps for each batch which offsets it covered and where its outputs are.

Values above 1 MB are copied to a topic of marks, where timers write too. The key `poison` breaks
an invariant after the outputs of its batch have been sent.

Run by tests: python -m tests.e2e.counting_worker BROKERS NAMESPACE [options]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
from typing import TYPE_CHECKING, Any

import faust

from rater.shell.process.log_levels import lower_expected
from rater.shell.process.runner import run_worker
from rater.shell.stream.batches import BatchSchema, RecordBatch
from rater.shell.stream.faust_settings import faust_settings
from rater.shell.stream.leases import MisplacedError
from rater.shell.stream.tables import BytesState, StateTable, state_table
from rater.shell.stream.transactions import NotOwnedError, PartitionHaltedError
from tests.e2e.logins import TESTS, reaching

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rater.shell.stream.transactions import Step, Transactions

log = logging.getLogger(__name__)

PARTITIONS = 4
POISON = b"poison"
LARGE = 1_000_000


class Ranges:
    """What the batch table keeps of a partition: how many records its batches covered."""

    def __init__(self) -> None:
        """Cover nothing."""
        self.records = 0

    def load(self, records: Sequence[tuple[bytes | None, bytes | None]]) -> None:
        """Count the records of batches."""
        for _, value in records:
            assert value is not None
            self.records += json.loads(value)["records"]


class CountingApp:
    """The app and its tables."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Declare topics, tables and agents."""
        name = arguments.namespace
        self.outputs, self.marks = f"{name}.out", f"{name}.marks"
        self.app = faust.App(
            f"{name}-counter",
            **faust_settings(
                reaching(arguments.brokers, TESTS),
                first_topics=[f"{name}.commands"],
                records_per_batch=arguments.batch,
                session_timeout_s=arguments.session_timeout,
                partitions=PARTITIONS,
            ),
        )
        self.delay_s = arguments.delay
        self.counts: StateTable[BytesState] = state_table(
            self.app, "counts", BytesState, partitions=PARTITIONS
        )
        self.batches: StateTable[Ranges] = state_table(
            self.app, "batches", Ranges, partitions=PARTITIONS, deleted_by_time=True
        )
        for topic in ("cdrs", "commands"):
            channel = self.app.topic(f"{name}.{topic}", schema=BatchSchema())
            self.app.agent(channel, name=topic, isolated_partitions=True)(self.count)
        if arguments.timer:
            self.app.task(self.flush_forever)

    @property
    def transactions(self) -> Transactions:
        """Return the app's transactions."""
        transactions: Transactions = self.app.consumer.transactions
        return transactions

    async def count(self, stream: Any) -> None:
        """Count every record of every batch."""
        async for batch in stream:
            try:
                try:
                    await self.step(batch)
                except MisplacedError as misplaced:
                    log.warning("a step is taken again: %s", misplaced)
                    await self.step(batch)
            except AssertionError as broken:
                self.transactions.halt(batch.tp.partition, str(broken))
            except PartitionHaltedError:
                continue

    async def step(self, batch: RecordBatch) -> None:
        """Count a batch in one transaction."""
        partition = batch.tp.partition
        async with self.transactions.step(batch.tp) as step:
            state = self.counts.state(partition)
            new: dict[bytes, bytes] = {}
            outputs = list(self.decide(batch, state, new))
            step.write(self.outputs, partition, outputs)
            offsets = await step.offsets(self.outputs, partition)
            if self.delay_s:
                # Here, where the transaction is open and its outputs lie on the log.
                await asyncio.sleep(self.delay_s)
            assert POISON not in new, "poison"
            if large := [(r.key, r.value) for r in batch.records if len(r.value or b"") > LARGE]:
                step.write(self.marks, partition, large, headers=[("why", b"large")])
            manifest = {
                "source": batch.tp.topic,
                "start": batch.start_offset,
                "next": batch.next_offset,
                "records": len(batch),
                "outputs": [offsets[0], offsets[-1]],
            }
            self.write(step, new, manifest)
            await step.commit(batch.next_offset)
            state.update(new)
            self.batches.state(partition).records += len(batch)

    def write(self, step: Step, new: dict[bytes, bytes], manifest: dict[str, Any]) -> None:
        """Send the changelog records."""
        counts, batches = self.counts.changelog_topic_name, self.batches.changelog_topic_name
        step.write(counts, step.partition, list(new.items()))
        step.write(batches, step.partition, [(None, json.dumps(manifest).encode())])

    def decide(
        self, batch: RecordBatch, state: BytesState, new: dict[bytes, bytes]
    ) -> Iterator[tuple[bytes, bytes]]:
        """Yield the outputs and fill in the new counts."""
        topic = batch.tp.topic.encode()
        for record in batch.records:
            key = record.key
            assert key is not None
            count = int(new.get(key) or state.get(key, b"0")) + 1
            new[key] = b"%d" % count
            yield key, b"%b %d %d %d" % (topic, batch.tp.partition, record.offset, count)

    async def flush_forever(self) -> None:
        """Run timers' steps: each writes a mark without any source record."""
        while True:
            await asyncio.sleep(0.2)
            for partition in self.transactions.owned_partitions():
                try:
                    async with self.transactions.step(partition) as step:
                        step.write(self.marks, partition, [(None, b"mark")])
                        await step.commit()
                except (NotOwnedError, PartitionHaltedError):
                    # Halted while this waited for its turn, as the timers of the services know it, too.
                    continue


def main() -> int:
    """Run one worker."""
    parser = argparse.ArgumentParser()
    parser.add_argument("brokers")
    parser.add_argument("namespace")
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--session-timeout", type=float, default=6.0)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--timer", action="store_true")
    parser.add_argument("--uvloop", action="store_true")
    arguments = parser.parse_args()
    logging.basicConfig(
        stream=sys.stderr,
        level=os.environ.get("LOG_LEVEL", "INFO"),
        format="%(asctime)s.%(msecs)03d %(levelname)s %(name)s %(message)s",
        datefmt="%H:%M:%S",
    )
    lower_expected()
    if arguments.uvloop:
        import uvloop  # noqa: PLC0415

        uvloop.install()
    return asyncio.run(run(arguments))


async def run(arguments: argparse.Namespace) -> int:
    """Build and run the app inside the loop."""
    return await run_worker(CountingApp(arguments).app)


if __name__ == "__main__":
    sys.exit(main())
