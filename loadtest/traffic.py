"""Traffic: calls of invented tenants at a steady rate, without an end; and, run by itself, for a rater that others run.

`python -m loadtest.traffic --rate 50` goes to the broker that RATER_BROKER names, as whoever RATER_KAFKA_... says (or
LOADTEST_LOGINS), until it is told to stop. It opens and funds its accounts by `rater produce --wait`, which needs a
charging worker, and then sends CDRs. The deck `sample` must be loaded. Of what becomes of the calls it asks nothing:
`rater reconcile` does.
"""

import argparse
import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from aiokafka import AIOKafkaProducer

from loadtest import clients, logins
from loadtest.accounts import Record
from loadtest.drive import by_topic
from loadtest.generate import Workload
from loadtest.plan import Plan
from loadtest.progress import say
from loadtest.rater_command import CommandError, now_ms
from loadtest.stage import SAMPLE_DECK
from topics.catalog import ACCOUNT_SOURCES, CDR_RAW
from topics.numerals import decimal_number, whole_number
from topics.roles import CALL_PLATFORM, PRODUCE

WAVE_S = 10.0
"""A plan has calls for so long; then comes the next, of the same tenants."""
BEAT_S = 0.02
"""What is due is sent so often, at most."""
FUNDED_S = 86_400
"""Accounts are opened with money for about so long."""
OPENING_S = 600.0
SEED = 7


def accounts(rate_per_s: float, tenants: int) -> Workload:
    """Return traffic whose accounts have money for about a day."""
    funded = int(rate_per_s * FUNDED_S)
    return Workload(Plan(start_ms=now_ms(), seed=SEED, tenants=tenants, cdrs=funded), SAMPLE_DECK)


def calls(workload: Workload, rate_per_s: float) -> Iterator[Record]:
    """Yield CDRs without end, in waves: their ids are their own, by the time of the wave's beginning."""
    first, size = workload.plan, max(1, int(rate_per_s * WAVE_S))
    for number in itertools.count(1):
        workload.plan = replace(first, seed=first.seed + number, start_ms=now_ms(), cdrs=size)
        yield from workload.cdrs()


def open_accounts(bootstrap: str, workload: Workload) -> None:
    """Open and fund the accounts, and wait until they are; those that are there already are left as they are."""
    commands = by_topic(workload.commands())
    for topic in ACCOUNT_SOURCES:
        if records := commands.get(topic.name):
            _produce(bootstrap, topic.name, [value or b"" for _, _, value in records])


def _produce(bootstrap: str, topic: str, lines: list[bytes]) -> None:
    wait = ("--wait", "--wait-timeout", str(OPENING_S))
    done = subprocess.run(
        [sys.executable, "-m", "rater", "produce", topic, "--broker", bootstrap, *wait],
        input=b"\n".join(lines) + b"\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=logins.environment(PRODUCE),
        timeout=OPENING_S + 60,
        check=False,
    )
    # 1: some were refused, as those are that open what is open.
    if done.returncode not in (0, 1):
        raise CommandError(f"rater produce {topic}: {done.returncode}\n{done.stdout.decode()}")
    say(f"{topic}: {len(lines):,} commands")


async def play(
    bootstrap: str, records: Iterator[Record], rate_per_s: float, stopping: asyncio.Event
) -> int:
    """Send by a schedule until the event is set, or the task is cancelled; return how many were sent.

    A producer that cannot keep up sends late, and shifts nothing.
    """
    sent = 0
    beat_s = min(1.0, max(BEAT_S, 1 / rate_per_s))
    producer = clients.producer(bootstrap, CALL_PLATFORM, linger_ms=5)
    try:
        await producer.start()
        say(f"calls: {rate_per_s:g} a second")
        began_s = time.monotonic()
        while not stopping.is_set():
            due = int((time.monotonic() - began_s) * rate_per_s) - sent
            for record in itertools.islice(records, due):
                await _send(producer, record)
            sent += due
            await asyncio.sleep(beat_s)
    finally:
        await producer.stop()
    return sent


async def _until_told(bootstrap: str, records: Iterator[Record], rate_per_s: float) -> int:
    """Play until SIGINT or SIGTERM; return how many were sent."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return await play(bootstrap, records, rate_per_s, stopping)


async def _send(producer: AIOKafkaProducer, record: Record) -> None:
    partition, key, value = record
    await producer.send(CDR_RAW.name, key=key, value=value, partition=partition)


def main(arguments: list[str] | None = None) -> int:
    """Play; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.traffic", description=__doc__)
    parser.add_argument(
        "--rate", type=decimal_number, default=50.0, help="CDRs a second (default 50)"
    )
    parser.add_argument("--tenants", type=whole_number, default=200)
    asked = parser.parse_args(arguments)
    if not 0 < asked.rate <= 10_000:  # noqa: PLR2004 (said in the message)
        parser.error(f"--rate: {asked.rate}, must be above 0 and at most 10000")
    bootstrap = os.environ.get("RATER_BROKER", "localhost:9092")
    # The first process of a container ends by no signal that it does not ask for.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        workload = accounts(asked.rate, asked.tenants)
        open_accounts(bootstrap, workload)
        sent = asyncio.run(_until_told(bootstrap, calls(workload, asked.rate), asked.rate))
    except CommandError as error:
        say(f"failed: {error}")
        return 1
    except KeyboardInterrupt:
        say("stopped before the first call")
        return 0
    say(f"stopped after {sent:,} CDRs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
