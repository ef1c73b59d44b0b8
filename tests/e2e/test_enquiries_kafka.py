"""What people ask of accounts on real Kafka: `rater account`, `ledger` and `calls`, with the rights of their role."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from loadtest.rater_command import run
from loadtest.service import Service
from rater.core.times import to_text
from rater.shell.process.clock import now_ms
from tests.e2e.broker import produce
from tests.e2e.charging_fleet import ROOT, Fleet
from tests.e2e.logins import environment, session
from tests.e2e.test_contracts_kafka import said
from tests.e2e.test_freecall_kafka import CDRS, COMMANDS, cdr, set_up
from topics import catalog

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker

REQUESTS = catalog.ACCOUNT_REQUESTS.name
TO = "+33612345678"


def objects(fleet: Fleet, *words: str) -> list[dict[str, Any]]:
    """Run a command that prints objects."""
    done = run(*words, "--json", "--broker", fleet.bootstrap)
    return [json.loads(line) for line in done.text.splitlines() if line.startswith("{")]


def told(fleet: Fleet, *words: str, code: int = 0) -> str:
    """Run a command for people."""
    return run(*words, "--broker", fleet.bootstrap, accepted=(code,)).text


async def play(fleet: Fleet) -> None:
    """Fund two accounts, have one recharged, charge calls, and take one of them back."""
    now_s = int(time.time())
    lot = {"currency": "USD", "purchased_at": to_text(now_ms())}
    await produce(
        fleet.bootstrap,
        COMMANDS,
        [said("acme", "add_funds", "f", lot_id="L1", amount_micros=5_000_000, **lot)],
    )
    terms = {"trigger_micros": 100_000_000, "amount_micros": 200_000_000, "enabled": True}
    method = {"reference": "sim:ok", "label": "Visa 4242"}
    await produce(
        fleet.bootstrap,
        REQUESTS,
        [
            said("acme", "set_payment_methods", "m", methods=[method]),
            said("acme", "set_auto_recharge", "a", **terms),
            said("acme", "set_thresholds", "t", thresholds=[{"threshold_id": "low", "amount_micros": 1}]),
        ],
    )  # fmt: skip
    await fleet.obeyed(COMMANDS, REQUESTS)
    calls = [
        cdr("acme", "c1", now_s - 300, to=TO, user_id="ann"),
        cdr("acme", "c2", now_s - 200, to=TO, user_id="bob"),
        cdr("acme", "c3", now_s - 100, to=TO, user_id="ann"),
        cdr("acme", "c3", now_s - 100, to=TO, user_id="ann", kind="void", version=2),
        cdr("bolt", "b1", now_s - 100, to=TO),
    ]
    await produce(fleet.bootstrap, CDRS, calls)
    await fleet.obeyed(CDRS)


def follower(fleet: Fleet) -> subprocess.Popen[bytes]:
    """Follow a ledger until two more calls have come."""
    words = (
        "ledger",
        "acme",
        "--follow",
        "--from",
        "10s",
        "--limit",
        "2",
        "--user",
        "eve",
        "--json",
    )
    return subprocess.Popen(
        [sys.executable, "-m", "rater", *words, "--broker", fleet.bootstrap],
        cwd=ROOT,
        env=environment(*words),
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )


async def followed(fleet: Fleet) -> list[dict[str, Any]]:
    """Return what is printed of calls that come while somebody looks."""
    reader = follower(fleet)
    try:
        for number in range(2):
            await asyncio.sleep(1)
            more = cdr("acme", f"e{number}", int(time.time()), to=TO, user_id="eve")
            await produce(fleet.bootstrap, CDRS, [more])
        out, _ = await asyncio.to_thread(reader.communicate, timeout=60)
    finally:
        reader.kill()
    return [json.loads(line) for line in out.splitlines()]


async def test_what_people_ask_is_answered_from_the_topics(
    private_broker: Broker, tmp_path: Path
) -> None:
    fleet = Fleet(private_broker.bootstrap, tmp_path, session(2))
    words = ("worker", "recharge", "--broker", fleet.bootstrap, "--metrics-port", "0")
    recharge = Service("recharge", "rater", words, tmp_path / "recharge.log")
    try:
        await set_up(fleet, ["acme", "bolt"])
        fleet.start()
        await fleet.settled()
        with recharge:
            await play(fleet)
            await recharged(fleet)
        check_account(fleet)
        check_ledger(fleet)
        check_calls(fleet)
        assert [each["cdr_id"] for each in await followed(fleet)] == ["e0", "e1"]
        await fleet.stop()
    finally:
        fleet.end()


async def recharged(fleet: Fleet) -> None:
    """Wait until recharge has asked for a payment."""
    began = time.monotonic()
    while (await asyncio.to_thread(recharge_of, fleet))["state"] != "requested":
        assert time.monotonic() - began < 60
        await asyncio.sleep(0.5)


def recharge_of(fleet: Fleet) -> dict[str, Any]:
    found: dict[str, Any] = objects(fleet, "account", "show", "acme")[0]["recharge"] or {
        "state": ""
    }
    return found


def check_account(fleet: Fleet) -> None:
    (shown,) = objects(fleet, "account", "show", "acme")
    assert shown["balance_micros"] == 5_000_000 - 2 * 600_000
    assert [each["lot_id"] for each in shown["lots"]] == ["L1"]
    assert shown["status"]["state"] == "open"
    text = told(fleet, "account", "show", "acme")
    assert "balance     3.80 USD" in text
    assert "recharge    requested: a payment was asked for" in text
    assert "no account of 'nobody'" in told(fleet, "account", "show", "nobody", code=1)

    listed = objects(fleet, "account", "list", "--below", "0")
    assert [each["tenant_id"] for each in listed] == ["bolt"]
    assert "1 more, see --limit" in told(fleet, "account", "list", "--limit", "1")


def check_ledger(fleet: Fleet) -> None:
    charges = objects(fleet, "ledger", "acme", "--kind", "charge")
    assert [each["cdr_id"] for each in charges] == ["c1", "c2", "c3"]
    assert objects(fleet, "ledger", "acme", "--kind", "charge", "--limit", "1") == charges[:1]
    assert objects(fleet, "ledger", "acme", "--kind", "charge", "--last", "1") == charges[2:]
    of_c3 = objects(fleet, "ledger", "acme", "--cdr", "c3")
    assert [each["kind"] for each in of_c3] == ["charge", "charge_reversed"]
    assert objects(fleet, "ledger", "acme", "--until", "1h") == []
    everything = objects(fleet, "ledger", "acme")
    assert everything == objects(fleet, "ledger", "acme", "--from", "1h")
    assert [each["seq"] for each in everything] == list(range(1, len(everything) + 1))
    assert "c1 to +33612345678 60 s by L1 0.60" in told(fleet, "ledger", "acme", "--user", "ann")
    assert "no account of 'nobody'" in told(fleet, "ledger", "nobody", code=1)


def check_calls(fleet: Fleet) -> None:
    """Look for calls: one that was voided does not stand."""
    assert [each["cdr_id"] for each in objects(fleet, "calls", "acme")] == ["c1", "c2"]
    assert [each["cdr_id"] for each in objects(fleet, "calls", "acme", "--user", "bob")] == ["c2"]
    assert objects(fleet, "calls", "acme", "--to", "+44") == []
    assert "2 calls, 120 s, 1.20 USD" in told(fleet, "calls", "acme", "--from", "1h")
    assert "no account of 'nobody'" in told(fleet, "calls", "nobody", code=1)
