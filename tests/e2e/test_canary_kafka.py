"""The canary on a real Kafka: a round passes while the gateway has Stripe; without charging it says where it stands."""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.request
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from loadtest.rater_command import run
from loadtest.service import Service, Worker
from rater.shell.canary.terms import opening
from rater.wire.settings.charging_settings import encode_settings
from tests.build import NOW, settings_version
from tests.e2e.broker import consume, produce
from tests.e2e.logins import are_wanted, patience, session
from tests.e2e.test_gateway_kafka import stripe_env
from tests.stripe_server import StripeServer
from topics.authority import TOPIC_OF
from topics.catalog import ACCOUNT_STATUS, CHARGING_SETTINGS, LEDGER

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker

SESSION = session(2)
HEALTH = re.compile(r"metrics and health on (http://\S+)/")
DECK = ("rater/data/canary_deck.csv", "--deck-id", "canary", "--version", "1", "--currency", "XTS")


def service(name: str, folder: Path, *words: str, **environment: str) -> Service:
    command = (*words, "--metrics-port", "0")
    return Service(name, "rater", command, folder / f"{name}.log", environment)


def until(service: Service, pattern: str, within_s: float = patience(40.0)) -> str:
    """Wait for a line in the log of a service; return what the pattern finds."""
    end = time.monotonic() + within_s
    while not (found := re.search(pattern, service.log.read_text(errors="replace"))):
        service.check()
        assert time.monotonic() < end, service.last_lines()
        time.sleep(0.1)
    return found[found.re.groups]


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # Our own.
        return str(answer.read().decode())


def prepare(bootstrap: str) -> None:
    """Make topics, load the canary's deck, and name it in settings that all have known for long."""
    run("topics", "create", "--broker", bootstrap)
    since = ("--valid-from", "2024-01-01T00:00:00Z", "--broker", bootstrap)
    run("deck", "load", *DECK, *since)
    settings = encode_settings(settings_version(1, NOW, canary_tenants=("canary",)))
    asyncio.run(produce(bootstrap, CHARGING_SETTINGS.name, [settings], partition=0))
    if are_wanted():
        # A canary may give no money: where there are rules, billing opens its account.
        asyncio.run(ordered(bootstrap, opening("canary")))


async def ordered(bootstrap: str, *orders: dict[str, Any]) -> None:
    """Give commands and requests as billing and administrators do."""
    for each in orders:
        record = (each["tenant_id"].encode(), json.dumps(each).encode())
        await produce(bootstrap, TOPIC_OF[each["type"]], [record])


def asked(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "command_id": f"acme-{kind}", "tenant_id": "acme", **fields}


async def written(bootstrap: str, charging: Worker, topic: str, key: bytes, word: bytes) -> None:
    """Wait for a record of a tenant in which a word stands."""
    async with asyncio.timeout(patience(40)):
        while not any(
            each.key == key and word in (each.value or b"")
            for each in await consume(bootstrap, topic)
        ):
            charging.check()
            await asyncio.sleep(0.2)


async def recharged_by_stripe(bootstrap: str, charging: Worker) -> None:
    """Have a customer refilled at once by a card, and wait for the credit."""

    async def there(kind: bytes) -> None:
        await written(bootstrap, charging, LEDGER.name, b"acme", b'"%s"' % kind)

    refill = {"trigger_micros": 50_000_000, "amount_micros": 75_000_000}
    card = asked("set_payment_methods", methods=[{"reference": "pm_card_visa"}])
    await ordered(bootstrap, asked("open_account", currency="USD", decks=["sample"]))
    await there(b"account_opened")
    await ordered(bootstrap, card, asked("set_auto_recharge", enabled=True, **refill))
    await there(b"funds_added")


@pytest.mark.timeout(180)
def test_a_round_passes_and_without_charging_it_is_timed_out_at_the_charge(
    private_broker: Broker, tmp_path: Path
) -> None:
    bootstrap = private_broker.bootstrap
    prepare(bootstrap)
    to = ("--broker", bootstrap)
    with ExitStack() as stack:
        server = stack.enter_context(StripeServer())
        charging = stack.enter_context(Worker(bootstrap, tmp_path / "charging.log", *SESSION))
        stack.enter_context(service("recharge", tmp_path, "worker", "recharge", *to, *SESSION))
        words = ("gateway", "--provider", "stripe", *to, *SESSION)
        stack.enter_context(service("gateway", tmp_path, *words, **stripe_env(server)))
        if are_wanted():
            # A canary that finds no account, and may open none, ends: that is for a person to mend.
            asyncio.run(written(bootstrap, charging, ACCOUNT_STATUS.name, b"canary", b"canary"))
        rounds = ("canary", "--tenant", "canary", "--every", "1", "--patience", "25", *to)
        canary = stack.enter_context(service("canary", tmp_path, *rounds))

        # The first round opens the account, which is refilled at once; the next are played with money.
        until(canary, "(canary canary: passed)")
        address = until(canary, HEALTH.pattern)
        said = fetched(f"{address}/metrics")
        assert re.search(r'rater_canary_rounds_total\{outcome="passed",step=""\} [1-9]', said)
        assert re.search(r'rater_canary_latency_seconds_count\{step="charge"\} [1-9]', said)
        assert re.search(r"rater_canary_last_success_seconds 1\.\d+e\+09", said)
        assert '"ready": true' in fetched(f"{address}/readyz")
        canary.stop()
        once = ("canary", "--tenant", "canary", "--once", "--metrics-port", "0", "--patience")
        assert "canary canary: passed, refilled" in run(*once, "20", *to).text
        assert not [path for _, path, _ in server.stripe.seen if "payment_intents" in path]
        asyncio.run(recharged_by_stripe(bootstrap, charging))
        assert [path for _, path, _ in server.stripe.seen if "payment_intents" in path]
        proven = [line.split() for line in run("reconcile", *to).text.splitlines()]
        assert ["captured", "75.00", "USD"] in proven
        assert [line for line in proven if line[:1] == ["captured"] and line[-1:] == ["XTS"]]
        assert ["clean:", "no", "difference"] in proven

        charging.stop()
        failed = run(*once, "2", *to, accepted=(1,))
        assert re.search(
            r"canary canary, charge: expected canary-\d+-a charged 1000000 micros; found nothing in 2 s",
            failed.text,
        )
