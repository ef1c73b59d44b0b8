"""The transport `batchkafka://`: Faust over Kafka in batches, exactly once.

    register()
    app = faust.App("rater-charging", **faust_settings(...))      # rater/shell/stream/faust_settings.py
    cdrs = app.topic("cdr.raw.v1", schema=BatchSchema())
    accounts = state_table(app, "accounts", BytesState, partitions=8)

    @app.agent(cdrs, isolated_partitions=True)
    async def charge(stream):
        async for batch in stream:
            async with app.consumer.transactions.step(batch.tp) as step:
                new, outputs = decide(batch.records, accounts.state(batch.tp.partition))
                step.write("ledger.entries.v1", batch.tp.partition, outputs)
                step.write(accounts.changelog_topic_name, batch.tp.partition, list(new.items()))
                await step.commit(batch.next_offset)
                accounts.state(batch.tp.partition).update(new)

    exit_code = asyncio.run(run_worker(app))                      # rater/shell/process/runner.py

Every topic that such an app reads has a BatchSchema and, together with the changelogs, the same
number of partitions; partition N of all of them is assigned to one worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from faust.transport.conductor import Conductor
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver

from rater.kafka.bounded_records import bound_unpacking
from rater.shell.stream.consumer import BatchConsumer
from rater.shell.stream.faust_broker import SCHEME
from rater.shell.stream.transactions import BatchProducer, Transactions

if TYPE_CHECKING:
    from typing import Any


class StaticConductor(Conductor):  # type: ignore[misc]
    """Faust's conductor, for an app whose topics never change.

    Faust joins the group anew 45 s after an actor of a revoked partition has ended.
    """

    def _flag_changes(self) -> None:
        if self._subscription_changed is None:
            super()._flag_changes()


class Transport(driver.Transport):  # type: ignore[misc]
    """The parts that Faust puts together for `batchkafka://`."""

    Consumer: ClassVar[type[Any]] = BatchConsumer
    Producer: ClassVar[type[Any]] = BatchProducer
    TransactionManager: ClassVar[type[Any]] = Transactions
    Conductor: ClassVar[type[Any]] = StaticConductor


def register() -> None:
    """Make Faust know the scheme, also where the package's entry points are not installed."""
    bound_unpacking()
    TRANSPORTS.aliases[SCHEME] = f"{Transport.__module__}:{Transport.__qualname__}"
