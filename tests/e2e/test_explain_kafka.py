"""`rater explain` on real Kafka: what was charged, corrected, voided, suspended, dropped; and what was forged."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from loadtest.rater_command import run
from tests.e2e.broker import consume, produce
from tests.e2e.charging_fleet import Fleet
from tests.e2e.charging_stage import reconciled
from tests.e2e.test_corrections_kafka import cdr, set_up
from topics import catalog

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker

pytestmark = pytest.mark.kafka

CDRS, REQUESTS = catalog.CDR_RAW.name, catalog.ACCOUNT_REQUESTS.name
NOWHERE = "+999123456"
WHO = ("--by", "ann@acme.example", "--reason", "a test call")


def explain(fleet: Fleet, cdr_id: str, *words: str, code: int = 0) -> Any:
    """Run `rater explain` to its end; return its object."""
    options = ("--tenant", "acme", "--json", "--broker", fleet.bootstrap)
    done = run("explain", cdr_id, *options, *words, accepted=(code,))
    lines = [line for line in done.text.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if lines else done.text


async def charged(fleet: Fleet) -> None:
    """Charge calls, correct one, void one, suspend two, of which one is dropped."""
    ended = int(time.time()) - 60
    set_at = {"threshold_id": "low", "amount_micros": 89_000_000}
    order = {
        "type": "set_thresholds",
        "command_id": "t1",
        "tenant_id": "acme",
        "thresholds": [set_at],
    }
    await produce(fleet.bootstrap, REQUESTS, [(b"acme", json.dumps(order).encode())])
    await fleet.obeyed(REQUESTS)
    calls = [cdr(n, ended) for n in range(6)]
    calls += [cdr(7, ended, to=NOWHERE), cdr(8, ended, to=NOWHERE), cdr(9, ended)]
    await produce(fleet.bootstrap, CDRS, calls)
    await fleet.obeyed(CDRS)
    later = [cdr(2, ended, 3, version=2, kind="correction"), cdr(3, ended, version=2, kind="void")]
    await produce(fleet.bootstrap, CDRS, later)
    await fleet.obeyed(CDRS)
    broker = ("--broker", fleet.bootstrap)
    await asyncio.to_thread(run, "suspense", "drop", "--cdr", "c8", *WHO, "--job", "j1", *broker)


async def mended(fleet: Fleet, folder: Path) -> None:
    """Write half a record, and have it written again, whole."""
    key, value = cdr(10, int(time.time()) - 60)
    await produce(fleet.bootstrap, CDRS, [(key, value[:-1])])
    await fleet.obeyed(CDRS)
    (letter,) = await consume(fleet.bootstrap, catalog.DEAD.name)
    whole = folder / "whole.json"
    whole.write_bytes(value)
    words = ("--id", json.loads(letter.value or b"")["dead_id"], "--with", str(whole), *WHO)
    broker = ("--broker", fleet.bootstrap)
    await asyncio.to_thread(run, "dead", "replay", *words, "--job", "j2", *broker)
    await fleet.obeyed(CDRS)


async def forged(fleet: Fleet) -> None:
    """Write a copy of a charge as no worker would: another amount, under the same id."""
    records = await consume(fleet.bootstrap, catalog.LEDGER.name)
    entries = [json.loads(record.value or b"") for record in records]
    real = next(each for each in entries if each.get("cdr_id") == "c9")
    said = {**real, "charge_micros": 1, "entry_id": "acme/999", "seq": 999}
    await produce(fleet.bootstrap, catalog.LEDGER.name, [(b"acme", json.dumps(said).encode())])


async def test_every_kind_of_call_is_explained(private_broker: Broker, tmp_path: Path) -> None:
    fleet = Fleet(private_broker.bootstrap, tmp_path)
    began = time.time()
    try:
        await set_up(fleet)
        await charged(fleet)
        await mended(fleet, tmp_path)
        await fleet.settled()
        await fleet.stop()
        differences = await reconciled(fleet.bootstrap)
        told = {
            name: await asyncio.to_thread(explain, fleet, name)
            for name in ("c1", "c2", "c3", "c7", "c8", "c10")
        }
        nobody = await asyncio.to_thread(explain, fleet, "c77", code=2)
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began - 60))
        by_time = await asyncio.to_thread(explain, fleet, "c1", "--from", since)
        text = (
            await asyncio.to_thread(
                run, "explain", "c2", "--tenant", "acme", "--broker", fleet.bootstrap
            )
        ).text
        await forged(fleet)
        wrong = await asyncio.to_thread(explain, fleet, "c9", "--from", since, code=1)
    finally:
        fleet.end()

    assert differences == []
    assert {name: each["stands"] for name, each in told.items()} == {
        "c1": "rated", "c2": "rated", "c3": "voided", "c7": "waits", "c8": "dropped",
        "c10": "rated",
    }  # fmt: skip
    assert all(each["agrees"] for each in told.values())
    (charge,) = told["c1"]["charges"]
    assert charge["not_held"] == []
    assert charge["paid"][0]["left_micros"] == charge["balance_before_micros"] - 600_000
    assert [each["kind"] for each in charge["events"]] == ["threshold_crossed"]
    assert [len(each["entries"]) for each in told["c2"]["charges"]] == [1, 2]
    assert [each["what"] for each in told["c8"]["history"]] == ["suspended", "dropped"]
    again = next(e for e in told["c10"]["history"] if e["what"] == "dead letter replayed")
    assert (again["actor"], again["why"], again["job_id"]) == (*WHO[1::2], "j2")
    assert told["c7"]["history"][0]["mended_by"] == ["decks"]
    assert told["c7"]["history"][0]["price_now"]["reason"] == "no_rate"
    assert "nothing is known of CDR 'c77'" in nobody
    assert by_time["charges"] == told["c1"]["charges"]
    assert "agrees with what was booked" in text
    assert "increments 60/60" in text
    assert "charge_micros" in {
        each["field"] for one in wrong["charges"] for each in one["differences"]
    }
