"""How long `rater explain` takes on a large ledger: real calls among entries of others, on a Kafka of its own.

    python -m tests.bench_explain --entries 10000000

A tenant's records lie in one partition, and no other is read: so that one is filled as it would be in a ledger of so
many entries over all partitions, with entries and manifests of other tenants between the calls that are explained.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaProducer

from loadtest.rater_command import run
from rater.kafka.broker import Broker
from rater.shell.enquiries.enquiry import enquiring
from rater.shell.enquiries.explaining import Question, explain
from tests.e2e.broker import own_broker, produce
from tests.e2e.charging_fleet import Fleet
from tests.e2e.test_corrections_kafka import cdr, set_up
from topics.catalog import APP, BATCHES_CHANGELOG, CDR_RAW, LEDGER, PARTITIONS
from topics.manifests import IdState, RememberedId, join_manifest, pack_ids
from topics.partitioner import partition_of
from topics.records import BatchManifest, Charge, ChargedCall, ChargeLine, Draw

ROUNDS, CALLS = 5, 40
BATCH = 5_000
FEW = 100_000
"""Of records that are read back; a question that reads more is asked less often."""
OTHERS = [
    name
    for name in (f"other-{number}" for number in range(2_000))
    if partition_of(name.encode(), PARTITIONS) == partition_of(b"acme", PARTITIONS)
]


def entry(number: int, at_ms: int) -> tuple[bytes, bytes]:
    """Return an entry of another tenant, as large as most are."""
    tenant = OTHERS[number % len(OTHERS)]
    seq = number // len(OTHERS) + 1
    call = ChargedCall("out", "+33612345678", at_ms, at_ms + 60_000, 60, at_ms, "+4930123456")
    line = ChargeLine("usage", 31_600, 60, 31_600_000, 60)
    said = Charge(
        f"{tenant}/{seq}", tenant, seq, at_ms, CDR_RAW.name, 3, number, "USD", -31_600, 99_968_400, 0,
        f"filler-{number:09}", "rated", 31_600, call, 1, None, None, "sample", 1, "336", "France mobile",
        (line,), (Draw("lot", "L1", 31_600),),
    )  # fmt: skip
    return tenant.encode(), msgspec.json.encode(said)


def manifest(first: int, at_ms: int) -> bytes:
    """Return the manifest of a batch of other tenants' calls."""
    ids = [
        RememberedId(os.urandom(16), 7, first + n, IdState.CHARGED, at_ms // 86_400_000)
        for n in range(BATCH)
    ]
    header = BatchManifest(
        1,
        APP,
        CDR_RAW.name,
        3,
        first,
        first + BATCH,
        BATCH,
        {"rated": BATCH},
        BATCH,
        0,
        BATCH,
        at_ms,
    )
    return join_manifest(msgspec.json.encode(header), pack_ids(ids))


async def fill(bootstrap: str, first: int, count: int) -> None:
    """Write entries and manifests of others into the partition of the tenant."""
    partition = partition_of(b"acme", PARTITIONS)
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, linger_ms=50, max_batch_size=1 << 20, max_request_size=8 << 20
    )
    try:
        await producer.start()
        for begin in range(first, first + count, BATCH):
            at_ms = int(time.time() * 1_000)
            sent = [
                await producer.send(LEDGER.name, value, key, partition)
                for key, value in (entry(begin + n, at_ms) for n in range(BATCH))
            ]
            await asyncio.gather(*sent[-1:])
            await producer.send_and_wait(
                BATCHES_CHANGELOG.name, manifest(begin, at_ms), CDR_RAW.name.encode(), partition
            )
    finally:
        await producer.stop()


async def loaded(fleet: Fleet, entries: int) -> None:
    """Charge calls of a tenant, a few at once, with entries of others between them."""
    await set_up(fleet)
    ended, each = int(time.time()) - 60, entries // PARTITIONS // ROUNDS
    for number in range(ROUNDS):
        calls = [cdr(number * CALLS + n, ended) for n in range(CALLS)]
        await produce(fleet.bootstrap, CDR_RAW.name, calls)
        await fleet.obeyed(CDR_RAW.name)
        await fleet.settled()
        await fleet.stop()
        await fill(fleet.bootstrap, number * each, each)
        fleet.start()
    await fleet.settled()
    await fleet.stop()


async def timed(bootstrap: str, back: int) -> tuple[list[float], int]:
    """Return how long each question took, and how many were answered with the account's own entries before."""
    took: list[float] = []
    whole = 0
    for number in range(0, ROUNDS * CALLS, 5 if back <= FEW else 25):
        question = Question(tenant_id="acme", cdr_id=f"c{number}", back=back)
        began = time.perf_counter()
        async with enquiring(Broker(bootstrap)) as enquiry:
            found = await explain(enquiry, question)
        took.append(time.perf_counter() - began)
        assert not found.differences, found.differences
        whole += not found.explained[0].unheld
    return took, whole


def measured(bootstrap: str, folder: Path, entries: int, backs: list[int]) -> dict[str, object]:
    """Return how long questions took on a ledger of so many entries, by how far they read back."""
    fleet = Fleet(bootstrap, folder)
    said: dict[str, object] = {"entries": entries}
    try:
        asyncio.run(loaded(fleet, entries))
    finally:
        fleet.end()
    for back in backs:
        took, whole = asyncio.run(timed(bootstrap, back))
        ranks = statistics.quantiles(took, n=100, method="inclusive")
        said[f"back_{back}"] = {
            "p50_s": round(ranks[49], 2), "p95_s": round(ranks[94], 2),
            "asked": len(took), "with_account": whole,
        }  # fmt: skip
    began = time.perf_counter()
    run("explain", "c0", "--tenant", "acme", "--broker", bootstrap)
    return said | {"command_s": round(time.perf_counter() - began, 2)}


def main() -> None:
    """Fill, ask, and print one JSON line last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--back", type=int, nargs="+", default=[100_000])
    given = parser.parse_args()
    broker = own_broker()
    try:
        broker.start()
        with tempfile.TemporaryDirectory() as folder:
            said = measured(broker.bootstrap, Path(folder), given.entries, given.back)
    finally:
        broker.remove()
    print(json.dumps(said))


if __name__ == "__main__":
    main()
