"""Pass-through: read, parse, encode and write every CDR with plain aiokafka, without transactions.

What Python can do between two Kafka topics when nothing is decided. It reads in fetches and writes
in whole batches, as the worker does.
"""

import argparse
import asyncio
import json
import sys
import time
from dataclasses import dataclass
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from loadtest import clients
from topics.numerals import whole_number

_BATCH_BYTES = 256 * 1024
_FETCH_BYTES = 1024 * 1024
_FETCH_MS = 200


@dataclass(slots=True)
class PassThrough:
    """One run: `records` of `source` to the partition of the same number of `target`."""

    source: str
    target: str
    records: int

    async def run(self, bootstrap: str) -> dict[str, Any]:
        """Pass the records through; return the measurement, from the first record read on."""
        consumer = clients.consumer(
            bootstrap,
            self.source,
            role=None,
            isolation_level="read_uncommitted",
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=_FETCH_BYTES,
        )
        producer = clients.producer(bootstrap, None, max_batch_size=_BATCH_BYTES, linger_ms=0)
        await consumer.start()
        await producer.start()
        try:
            return await self._pass(consumer, producer)
        finally:
            await producer.stop()
            await consumer.stop()

    async def _pass(self, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer) -> dict[str, Any]:
        done, began, cpu = 0, 0.0, 0.0
        underway: list[Any] = []
        while done < self.records:
            fetched = await consumer.getmany(timeout_ms=_FETCH_MS)
            if not began:
                began, cpu = time.monotonic(), time.process_time()
            for part, raws in fetched.items():
                underway += await self._write(producer, part.partition, raws)
                done += len(raws)
        for sent in underway:
            await sent
        took = time.monotonic() - began
        spent = time.process_time() - cpu
        return {"records": done, "per_s": done / took, "cpu_us": spent / done * 1e6}

    async def _write(
        self, producer: AIOKafkaProducer, partition: int, raws: list[Any]
    ) -> list[Any]:
        """Parse and encode the records of a fetch; start to write them in whole batches."""
        sent = []
        batch = producer.create_batch()
        for raw in raws:
            value = _again(raw.value)
            if batch.append(timestamp=None, key=raw.key, value=value) is None:
                sent.append(await producer.send_batch(batch, self.target, partition=partition))
                batch = producer.create_batch()
                batch.append(timestamp=None, key=raw.key, value=value)
        batch.close()
        sent.append(await producer.send_batch(batch, self.target, partition=partition))
        return sent


def _again(value: bytes | None) -> bytes | None:
    """Return the JSON parsed and encoded anew; what cannot be parsed as it is."""
    try:
        return orjson.dumps(orjson.loads(value or b""))
    except orjson.JSONDecodeError:
        return value


def main() -> None:
    """Run and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--records", type=whole_number, required=True)
    asked = parser.parse_args()
    work = PassThrough(asked.source, asked.target, asked.records)
    sys.stdout.write(json.dumps(asyncio.run(work.run(asked.broker))) + "\n")


if __name__ == "__main__":
    main()
