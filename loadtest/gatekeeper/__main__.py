"""The load test: `python -m loadtest.gatekeeper` is what `make bench-gatekeeper` runs.

A broker of its own, a deck of about 193,000 prefixes, a plan catalog, statuses of 20,000 tenants; `rater gatekeeper`
follows them. Questions come by a schedule (`asking`) while statuses change. The last line is one JSON object: latencies
from when a question was due, CPU of the gatekeeper, and what was answered. Exit code 1: the goal is not met.
"""

import argparse
import asyncio
import json
import os
import platform
import re
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

from loadtest import clients, stage
from loadtest.broker import ROOT, RunningBroker, running_broker
from loadtest.gatekeeper.asking import Asked
from loadtest.gatekeeper.population import PLANS, record_of, status_of, write_deck
from loadtest.progress import say
from loadtest.rater_command import CommandError, now_ms, run
from loadtest.service import Service
from topics.catalog import ACCOUNT_STATUS
from topics.numerals import decimal_number, whole_number
from topics.roles import CHARGING

GOAL_P99_MS = 5.0
READY_S = 180.0
_URL = re.compile(r"questions on http://([\d.]+):(\d+)/")
_WHOLE = re.compile(r"the view is whole: (\d+) tenants")


async def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Measure; return the results."""
    with running_broker("gatekeeper") as broker:
        say(f"1. Kafka, a deck, plans, {options.tenants:,} statuses")
        stage.create_topics(broker.bootstrap)
        prefixes = write_deck(folder / "deck.csv")
        say(f"   {_load(broker, folder / 'deck.csv')}")
        await publish(broker, range(options.tenants), 2)
        arguments = ("gatekeeper", "--broker", broker.bootstrap, "--port", "0", "--metrics-port", "0")  # fmt: skip
        with Service("the gatekeeper", "rater", arguments, folder / "gatekeeper.log") as keeper:
            host, port = await _ready(keeper, options.tenants)
            say(
                f"2. {options.rate:,} questions/s for {options.seconds:g} s, {options.updates:,} statuses/s"
            )
            asked = Asked(
                prefixes=prefixes, tenants=options.tenants, rate_per_s=options.rate,
                warm_up_s=3.0, seconds=options.seconds,
            )  # fmt: skip
            (folder / "asked.json").write_text(json.dumps(asdict(asked)))
            updating = asyncio.create_task(_update(broker, options.tenants, options.updates))
            before, begun = keeper.cpu_s(), time.monotonic()
            try:
                found = await _ask(host, port, folder / "asked.json")
            finally:
                updating.cancel()
            took_s = time.monotonic() - begun
            keeper.check()
            used = (keeper.cpu_s() - before) / took_s
            updated = (await asyncio.gather(updating, return_exceptions=True))[0]
            assert isinstance(updated, asyncio.CancelledError), updated
    return {
        **found,
        "rate_per_s": options.rate,
        "updates_per_s": options.updates,
        "tenants": options.tenants,
        "prefixes": len(prefixes),
        "gatekeeper_cores": round(used, 2),
        "goal_met": found["latency_ms"]["p99"] < GOAL_P99_MS and not found["lost"],
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


def _load(broker: RunningBroker, deck: Path) -> str:
    """Publish deck and plans; return what the command said last."""
    terms = ("--version", "1", "--valid-from", "2024-01-01T00:00:00Z", "--broker", broker.bootstrap)
    run("plan", "load", str(PLANS), *terms, "--backdate")
    loaded = run("deck", "load", str(deck), "--deck-id", "sample", "--currency", "USD", *terms)
    return stage.last_line(loaded.text)


async def publish(broker: RunningBroker, tenants: range, seq: int) -> None:
    """Write a status of each tenant."""
    random = Random(seq)
    producer = clients.producer(broker.bootstrap, CHARGING, linger_ms=20)
    try:
        await producer.start()
        for tenant in tenants:
            key, value = record_of(status_of(tenant, seq, now_ms(), random))
            await producer.send(ACCOUNT_STATUS.name, value, key)
        await producer.flush()
    finally:
        await producer.stop()


async def _update(broker: RunningBroker, tenants: int, per_s: int) -> None:
    """Write statuses of tenants drawn at random, so many a second, until cancelled."""
    random = Random(7)
    producer = clients.producer(broker.bootstrap, CHARGING, linger_ms=20)
    await producer.start()
    seq, begun, sent = 3, time.monotonic(), 0
    try:
        while True:
            while sent < (time.monotonic() - begun) * per_s:
                tenant = random.randrange(tenants)
                key, value = record_of(status_of(tenant, seq, now_ms(), random))
                await producer.send(ACCOUNT_STATUS.name, value, key)
                seq, sent = seq + 1, sent + 1
            await asyncio.sleep(0.02)
    finally:
        await producer.stop()


async def _ready(keeper: Service, tenants: int) -> tuple[str, str]:
    """Wait until the view is whole; return where the gatekeeper listens."""
    deadline = time.monotonic() + READY_S
    while True:
        text = keeper.log.read_text(errors="replace")
        url, whole = _URL.search(text), _WHOLE.search(text)
        if url is not None and whole is not None:
            if int(whole[1]) != tenants:
                raise CommandError(f"the gatekeeper knows {whole[1]} of {tenants} tenants")
            return url[1], url[2]
        keeper.check()
        if time.monotonic() > deadline:
            raise CommandError(f"the gatekeeper was not ready in {READY_S:g} s\n{text[-2_000:]}")
        await asyncio.sleep(0.2)


async def _ask(host: str, port: str, file: Path) -> dict[str, Any]:
    """Let a process of its own ask; return what it found."""
    command = [sys.executable, "-m", "loadtest.gatekeeper.asking", host, port, str(file)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT
    )
    out, error = await process.communicate()
    if process.returncode:
        raise CommandError(f"asking ended with exit code {process.returncode}\n{error.decode()}")
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.gatekeeper", description=__doc__)
    parser.add_argument("--rate", type=whole_number, default=2_000, help="questions a second")
    parser.add_argument("--seconds", type=decimal_number, default=20.0, help="measured")
    parser.add_argument("--tenants", type=whole_number, default=20_000)
    parser.add_argument("--updates", type=whole_number, default=500, help="statuses a second")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rater-gatekeeper-") as folder:
        try:
            results = asyncio.run(measure(options, Path(folder)))
        except CommandError as error:
            print(error, file=sys.stderr)
            return 2
    print(json.dumps(results))
    return 0 if results["goal_met"] else 1


if __name__ == "__main__":
    sys.exit(main())
