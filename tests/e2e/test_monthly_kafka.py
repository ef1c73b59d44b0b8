"""Months that are over are told on real Kafka: once each, whatever is killed, with the figures of `rater statement`.

The clock is that of the machine: the accounts' records are of two months ago, so their months are over when the timer
first looks. Which months these are is asked of the accounts' own clocks.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from loadtest.rater_command import run
from loadtest.service import Service
from rater.views.statement.period import Clocks, next_month
from tests.e2e.broker import consume, produce
from tests.e2e.charging_fleet import Fleet, until
from tests.e2e.logins import session
from tests.e2e.notifier_stage import staged
from tests.e2e.test_contracts_kafka import said
from tests.e2e.test_freecall_kafka import CDRS, COMMANDS, cdr, set_up
from topics import catalog

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker
    from tests.e2e.notifier_stage import Hook, Sink, Stage

pytestmark = pytest.mark.kafka

DAY_MS = 86_400_000
REQUESTS, NOTICES = catalog.ACCOUNT_REQUESTS.name, catalog.NOTIFICATIONS.name
TO = "+33612345678"
ZONES = {
    "utc": "UTC",
    "tokyo": "Asia/Tokyo",
    "la": "America/Los_Angeles",
    "paris": "Europe/Paris",
    "silent": "UTC",
}
"""The time zone of each account; who is silent has not asked to be told."""
ONE_AT_A_TIME = ("--deliveries", "1", "--webhook-deliveries", "1", "--in-flight", "1")
KILLED_AT = ("before_sending_mark:3", "before_webhook_mark:2", "after_sent_mark:2")


def begun_ms() -> int:
    """Return noon of the 3rd, two months ago."""
    now = datetime.fromtimestamp(time.time(), UTC)
    month = now.year * 12 + now.month - 1 - 2
    return int(datetime(month // 12, month % 12 + 1, 3, 12, tzinfo=UTC).timestamp()) * 1_000


def months_over(time_zone: str, begun: int, by_ms: int) -> list[str]:
    """Return the months of an account that are over at an instant."""
    clocks = Clocks(time_zone)
    months = [clocks.month_of(begun)]
    while months[-1] < clocks.month_of(by_ms):
        months.append(next_month(months[-1]))
    return months[:-1]


async def play(fleet: Fleet, begun: int, hook: str) -> None:
    """Open, fund and call, two months ago; all but one ask to be told."""
    tenants = list(ZONES)
    opened: dict[str, Any] = {"decks": ["sample"], "currency": "USD"}
    lot: dict[str, Any] = {"lot_id": "L1", "currency": "USD", "amount_micros": 5_000_000}
    lot |= {"purchased_at": datetime.fromtimestamp(begun // 1_000, UTC).isoformat()}
    orders = [said(t, "open_account", "o", time_zone=ZONES[t], **opened) for t in tenants]
    orders += [said(t, "add_funds", "f", **lot) for t in tenants]
    await produce(fleet.bootstrap, COMMANDS, orders, timestamp_ms=begun)
    to: dict[str, Any] = {"webhook": hook, "language": "de"}
    asked = [
        said(t, "set_recipients", "r", emails=[f"ann@{t}.example"], **to, statements=t != "silent")
        for t in tenants
    ]
    await produce(fleet.bootstrap, REQUESTS, asked, timestamp_ms=begun)
    calls = [cdr(t, f"c{number}", begun // 1_000, to=TO) for number, t in enumerate(tenants * 2)]
    calls += [cdr(t, "old", begun // 1_000 - 4 * 86_400, to=TO) for t in tenants]
    await produce(fleet.bootstrap, CDRS, calls, timestamp_ms=begun)


async def test_each_month_is_told_once_with_the_figures_of_its_statement(
    private_broker: Broker, tmp_path: Path
) -> None:
    bootstrap, begun = private_broker.bootstrap, begun_ms()
    fleet = Fleet(bootstrap, tmp_path / "fleet", session(2))
    fleet.folder.mkdir()
    words = ("worker", "recharge", "--broker", bootstrap, "--metrics-port", "0", *session(2))
    recharge = Service("recharge", "rater", words, tmp_path / "recharge.log")
    await set_up(fleet, ["nobody"])
    with staged(bootstrap, tmp_path) as stage:
        try:
            recharge.start()
            fleet.start()
            await fleet.settled()
            await play(fleet, begun, stage.hook.url)
            due = {
                (tenant, month)
                for tenant, zone in ZONES.items()
                if tenant != "silent"
                for month in months_over(zone, begun, int(time.time() * 1_000))
            }
            recharge.kill()
            await asyncio.sleep(1)
            fleet.kill(fleet.alive()[0])
            fleet.start()
            recharge.start()
            await noticed(bootstrap, due, fleet)
            await delivered(stage)
            figures = await asyncio.to_thread(statements, bootstrap, due)
        finally:
            fleet.end()
            recharge.kill()
        check(stage.sink, stage.hook, due, figures)
    await asyncio.to_thread(run, "reconcile", "--broker", bootstrap)


async def noticed(bootstrap: str, due: set[tuple[str, str]], fleet: Fleet) -> None:
    """Wait until all that is due is on the topic."""
    for _ in range(300):
        notices = [json.loads(each.value or b"") for each in await consume(bootstrap, NOTICES)]
        found = {(n["tenant_id"], n["month"]) for n in notices if n["kind"] == "statement_ready"}
        if found == due:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"found {sorted(found)}, due {sorted(due)}\n{fleet.report()}")


async def delivered(stage: Stage) -> None:
    """Let notifiers be killed at some places, each once, and a last one finish."""
    for place in KILLED_AT:
        notifier = stage.start(*ONE_AT_A_TIME, failpoint=place)
        assert await notifier.ended() == -9, place
    last = stage.start()
    await until(lambda: bool(last.serves()), last.text)
    await stage.done()
    assert await last.terminate() == 0
    assert last.noise() == []


def statements(bootstrap: str, due: set[tuple[str, str]]) -> dict[tuple[str, str], Any]:
    return {
        (tenant, month): json.loads(
            run(
                *("statement", tenant, "--month", month, "--format", "json"),
                *("--broker", bootstrap),
            ).text
        )
        for tenant, month in sorted(due)
    }


def check(sink: Sink, hook: Hook, due: set[tuple[str, str]], figures: dict[Any, Any]) -> None:
    # A webhook that was under way when its notifier was killed comes again: under the same id, in the same words.
    bodies = {(headers["webhook-id"], body) for headers, body in hook.requests}
    told = [json.loads(body) for _, body in bodies]
    told = [each for each in told if each["kind"] == "statement_ready"]
    assert Counter((each["tenant_id"], each["month"]) for each in told) == Counter(due)
    for each in told:
        right = figures[each["tenant_id"], each["month"]]
        assert right["closed"]
        assert right["faults"] == []
        for name, value in each["figures"].items():
            expected = (right | right["calls"])[name]
            if name == "movements":
                expected = [one for one in expected if one["amount_micros"]]
            if name == "late":
                expected = [{k: v for k, v in one.items() if k != "seconds"} for one in expected]
            assert value == expected, (each, name)
    first = {t: min(month for tenant, month in due if tenant == t) for t, _ in due}
    assert all(figures[t, m]["calls"]["calls"] == 3 for t, m in first.items())
    assert all(figures[t, m]["late"] for t, m in first.items())

    mails = [mail for mail in sink.mails() if "statement_ready" in json.dumps(mail)]
    ids = {each["notification_id"] for each in told}
    counts = Counter({pair: n for pair, n in sink.counts().items() if pair[0] in ids})
    assert sorted(counts) == sorted(
        (each["notification_id"], f"ann@{each['tenant_id']}.example") for each in told
    )
    assert set(counts.values()) == {1}, mails
