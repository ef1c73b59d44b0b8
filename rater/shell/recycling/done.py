"""Done: what a job has done before, under its name, by the ledger: the calls that it has released or dropped."""

from contextlib import aclosing
from typing import Any

import msgspec

from rater.kafka.broker import Broker
from rater.shell.admin.topic_reader import Selection as Lines
from rater.shell.admin.topic_reader import reading
from rater.wire.account.entries import decode_entry
from topics.catalog import LEDGER
from topics.records import Charge
from topics.records.recycling import CallDropped


async def done_before(broker: Broker, partitions: int, tenant: str | None, job_id: str) -> int:
    """Return of how many calls, of a tenant or of all, the ledger says that a job has ended their waiting."""
    named = msgspec.json.encode(job_id)
    found = 0
    async with (
        reading(broker, LEDGER, Lines(tenant=tenant)) as reader,
        aclosing(reader.lines(partitions)) as lines,
    ):
        async for line in lines:
            # Of a large ledger few entries name it, and the others need not be read.
            if line.value is not None and named in line.value:
                found += is_of(decode_entry(line.value), job_id)
    return found


def is_of(entry: Any, job_id: str) -> bool:
    """Say whether an entry ends the waiting of a call, asked for by a job. A re-rating may have the same name."""
    is_end = isinstance(entry, Charge | CallDropped) and entry.waited is not None
    return is_end and entry.job_id == job_id
