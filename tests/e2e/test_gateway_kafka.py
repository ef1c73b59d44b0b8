"""The gateway on a real Kafka, killed at each of its steps: one capture a command, and a result at least."""

from __future__ import annotations

import asyncio
import json
import random
import re
import signal
import sqlite3
import time
import urllib.error
import urllib.request
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from loadtest.watch import watching
from rater.shell.process.failpoints import GATEWAY_FAILPOINTS
from tests.e2e.broker import consume, produce, producer
from tests.e2e.gateway_stage import EXIT_KILLED, KEY, WEBHOOK_SECRET, command, staged, until
from tests.stripe_server import CARD_NUMBER, StripeServer
from topics.catalog import GATEWAY_GROUP, PAYMENT_COMMANDS, RECHARGE_DEAD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.kafka.broker import Broker
    from tests.e2e.gateway_stage import GatewayProcess, Stage

WEBHOOK_STEPS = ("webhook_before_result", "webhook_after_result")
LETTER_STEPS = ("before_dead_letter", "after_dead_letter")
WITHDRAWAL_STEPS = ("before_withdrawal", "after_withdrawal")
OTHER_STEPS = (*WEBHOOK_STEPS, *LETTER_STEPS, *WITHDRAWAL_STEPS)
COMMAND_STEPS = [name for name in GATEWAY_FAILPOINTS if name not in OTHER_STEPS]
TIMES = {"before_offset_commit": 1, "after_offset_commit": 1}
"""Several commands may share one commit; all other places are passed once a command."""
LAG = re.compile(r'^rater_consumer_lag_records\{[^}]*partition="(\d+)"[^}]*\} (\S+)$', re.MULTILINE)
CAPTURED = "SELECT command_id FROM payments WHERE status = 'captured'"


@pytest.fixture
def stripe_server() -> Iterator[StripeServer]:
    with StripeServer() as server:
        yield server


@pytest.fixture
def chance() -> random.Random:
    seed = time.time_ns() % 1_000_000
    print(f"\nseed {seed}")
    return random.Random(seed)


def book_captures(path: Path) -> Counter[str]:
    """Count the captures of each command in the simulator's own book."""
    with sqlite3.connect(path) as db:
        found = Counter(row[0] for row in db.execute(CAPTURED))
    db.close()
    return found


def made_at_ms(path: Path) -> list[tuple[str, int]]:
    """Return the tenant and the time of each payment."""
    with sqlite3.connect(path) as db:
        found = db.execute("SELECT tenant_id, made_at_ms FROM payments").fetchall()
    db.close()
    return found


def forget_keys(path: Path) -> None:
    """Do to the book what a provider does to idempotency keys after a day."""
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM keys")
    db.close()


def stripe_env(server: StripeServer) -> dict[str, str]:
    return {
        "RATER_STRIPE_KEY": KEY,
        "RATER_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "RATER_STRIPE_API_BASE": server.base,
    }


def all_equal(results: dict[str, list[dict[str, Any]]]) -> None:
    for command_id, told in results.items():
        assert [told[0]] * len(told) == told, command_id


async def killed_at(stage: Stage, place: str) -> None:
    """Run a gateway until it kills itself at a place."""
    gateway = stage.start(failpoint=place)
    assert await gateway.ended() == EXIT_KILLED, stage.logs()


@pytest.mark.timeout(240)
async def test_killed_at_each_step_the_simulator_captures_once(
    private_broker: Broker, tmp_path: Path
) -> None:
    book, commands = tmp_path / "book.sqlite", []
    async with staged(
        private_broker.bootstrap, tmp_path, "--provider", "simulator", "--book", str(book)
    ) as stage:
        for place in COMMAND_STEPS:
            methods = ("sim:ok", "sim:expired_card", "sim:delay=50ms")
            batch = [command(f"{place}-{m[4:8]}", m) for m in methods]
            commands += batch
            await stage.give(*batch)
            await killed_at(stage, f"{place}:{TIMES.get(place, 2)}")
            forget_keys(book)
        last = stage.start()
        await last.serving()
        await stage.settled(commands)
        last.signal(signal.SIGTERM)
        assert await last.ended() == 0, stage.logs()
        results = await stage.results()
    repeated = sum(len(told) - 1 for told in results.values())
    print(f"{len(COMMAND_STEPS)} kills, {len(commands)} commands, {repeated} results repeated")

    paid = {c["command_id"] for c in commands if c["method"] != "sim:expired_card"}
    assert dict.fromkeys(paid, 1) == book_captures(book)
    assert {c["command_id"] for c in commands} == set(results)
    all_equal(results)
    assert last.noise() == []


@pytest.mark.timeout(240)
async def test_killed_at_each_step_stripe_captures_once_although_it_forgets_its_keys(
    private_broker: Broker, tmp_path: Path, stripe_server: StripeServer
) -> None:
    server, commands = stripe_server.stripe, []
    declining = "pm_card_chargeDeclinedInsufficientFunds"
    env = stripe_env(stripe_server)
    async with staged(private_broker.bootstrap, tmp_path, "--provider", "stripe", **env) as stage:
        for place in COMMAND_STEPS:
            methods = ("pm_card_visa", declining, "pm_card_mastercard")
            batch = [command(f"{place}-{m[8:12]}{len(m)}", m) for m in methods]
            commands += batch
            await stage.give(*batch)
            server.faults += ["500_after"]
            await killed_at(stage, f"{place}:{TIMES.get(place, 2)}")
            server.forget_keys()
            server.faults.clear()
        last = stage.start()
        await last.serving()
        await stage.settled(commands)
        last.signal(signal.SIGTERM)
        assert await last.ended() == 0, stage.logs()
        results = await stage.results()
    repeated = sum(len(told) - 1 for told in results.values())
    print(f"{len(COMMAND_STEPS)} kills, {len(commands)} commands, {repeated} results repeated")

    paid = {c["command_id"] for c in commands if c["method"] != declining}
    assert dict.fromkeys(paid, 1) == server.captures()
    assert {c["command_id"] for c in commands} == set(results)
    all_equal(results)
    assert last.noise() == []
    for secret in (KEY, WEBHOOK_SECRET, CARD_NUMBER):
        assert secret not in stage.everything_written()
        assert secret not in json.dumps(results)


@pytest.mark.timeout(240)
async def test_two_gateways_killed_at_random_capture_once(
    private_broker: Broker, tmp_path: Path, chance: random.Random
) -> None:
    book, seed = tmp_path / "book.sqlite", chance.randrange(1_000)
    commands = [command(f"{n % 60}", f"sim:random:{seed}", command_id=f"c{n}") for n in range(300)]
    async with staged(
        private_broker.bootstrap, tmp_path, "--provider", "simulator", "--book", str(book)
    ) as stage:
        alive = [stage.start(), stage.start()]
        for number in range(10):
            await stage.give(*commands[number * 30 : number * 30 + 30])
            victim = alive.pop(chance.randrange(2))
            await victim.serving()
            await asyncio.sleep(chance.uniform(0, 0.5))
            victim.kill()
            forget_keys(book)
            alive.append(stage.start())
        await stage.settled(commands)
        # What was unclear is asked again with the same bytes, as recharge does.
        first = await stage.results()
        unclear = [c for c in commands if first[c["command_id"]][-1]["outcome"] == "unknown"]
        await asyncio.sleep(1.1)
        await stage.give(*unclear)
        await until_known(stage, unclear)
        results = await stage.results()
    counts = Counter(told[-1]["outcome"] for told in results.values())
    repeated = sum(len(told) - 1 for told in results.values())
    print(f"10 kills: {counts}, {len(unclear)} asked again, {repeated} results repeated")

    known = {
        c: {json.dumps(r) for r in told if r["outcome"] != "unknown"} for c, told in results.items()
    }
    paid = {c for c, told in known.items() if '"succeeded"' in next(iter(told))}
    assert {1} == {len(told) for told in known.values()}
    assert dict.fromkeys(paid, 1) == book_captures(book)


async def until_known(stage: Stage, commands: list[dict[str, Any]]) -> None:
    """Wait until the last result of each command says what became of it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        results = await stage.results()
        if all(results[c["command_id"]][-1]["outcome"] != "unknown" for c in commands):
            return
        await asyncio.sleep(0.2)
    pytest.fail(stage.logs())


@pytest.mark.timeout(120)
async def test_what_cannot_be_read_is_kept_and_holds_up_nobody(
    private_broker: Broker, tmp_path: Path
) -> None:
    bad = [b"{not json", b"", json.dumps({**command(1, "sim:ok"), "colour": "red"}).encode()]
    good = command(1, "sim:ok")
    options = ("--provider", "simulator", "--book", str(tmp_path / "book.sqlite"))
    async with staged(private_broker.bootstrap, tmp_path, *options) as stage:
        records = [(b"tenant-1", value or None) for value in bad]
        await produce(stage.bootstrap, PAYMENT_COMMANDS.name, records)
        await stage.give(good)
        for place in LETTER_STEPS:
            await killed_at(stage, place)
        stage.start()
        await stage.settled([good])
        letters = await consume(stage.bootstrap, RECHARGE_DEAD.name)
    found = {json.loads(letter.value or b"")["dead_id"]: letter for letter in letters}

    assert ["not_json", "empty", "unknown_value"] == [
        json.loads(letter.value or b"")["reason"] for letter in found.values()
    ]


def post(port: int, event: dict[str, Any], *, secret: str, age_s: int = 0) -> int:
    """Deliver a webhook as Stripe does; return the status, 0 when nobody answered."""
    body = json.dumps(event)
    header = stripe.WebhookSignature.generate_signature_header(
        body, secret, int(time.time()) - age_s
    )
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/webhooks/stripe", body.encode(), {"Stripe-Signature": header}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except (OSError, ConnectionError):
        return 0


def event_of(intent: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        "id": "evt_1", "object": "event", "type": f"payment_intent.{kind}",
        "data": {"object": intent},
    }  # fmt: skip


@pytest.mark.timeout(240)
async def test_a_webhook_is_answered_when_its_result_is_written_and_not_before(
    private_broker: Broker, tmp_path: Path, stripe_server: StripeServer
) -> None:
    server = stripe_server.stripe
    commands = [command(f"w{n}", "pm_sepa") for n in range(len(WEBHOOK_STEPS) + 1)]
    options = ("--provider", "stripe", "--webhook-port", "0")
    env = stripe_env(stripe_server)
    async with staged(private_broker.bootstrap, tmp_path, *options, **env) as stage:
        gateway = stage.start()
        await stage.give(*commands)
        first = await stage.settled(commands)
        gateway.signal(signal.SIGTERM)
        assert await gateway.ended() == 0, stage.logs()
        for place, intent_id in zip(WEBHOOK_STEPS, list(server.intents), strict=False):
            event = event_of(server.settle(intent_id, paid=True), "succeeded")
            dying = stage.start(failpoint=place)
            await dying.serving()
            port = await dying.webhook_port()
            assert await asyncio.to_thread(post, port, event, secret=WEBHOOK_SECRET) == 0
            assert await dying.ended() == EXIT_KILLED
            await redelivered(stage, event)
        port = await stage.gateways[-1].webhook_port()
        last_id = list(server.intents)[-1]
        stale = event_of(dict(server.intents[last_id]), "payment_failed")
        failed = event_of(server.settle(last_id, paid=False), "payment_failed")
        answers = [
            await asyncio.to_thread(post, port, event, secret=secret, age_s=age_s)
            for event, secret, age_s in [
                (failed, "whsec_wrong", 0),
                (failed, WEBHOOK_SECRET, 301),
                (event_of({"id": "pi_x", "metadata": {}, "status": "succeeded"}, "succeeded"),
                 WEBHOOK_SECRET, 0),
                (event_of(failed["data"]["object"], "processing"), WEBHOOK_SECRET, 0),
                (stale, WEBHOOK_SECRET, 0),
            ]
        ]  # fmt: skip
        results = await stage.results()
        metrics = await asyncio.to_thread(read, await stage.gateways[-1].health() + "/metrics")
        ready = await asyncio.to_thread(read, await stage.gateways[-1].health() + "/readyz")

    assert {"unknown"} == {told[0]["outcome"] for told in first.values()}
    by_outcome = {c: [r["outcome"] for r in told] for c, told in results.items()}
    ids = [i["metadata"]["command_id"] for i in server.intents.values()]
    assert by_outcome == {
        ids[0]: ["unknown", "succeeded"],
        ids[1]: ["unknown", "succeeded", "succeeded"],
        ids[2]: ["unknown", "declined"],
    }
    assert [400, 400, 200, 200, 200] == answers
    assert 'rater_gateway_webhooks_total{outcome="refused"} 2.0' in metrics
    assert 'rater_gateway_webhooks_total{outcome="ignored"} 2.0' in metrics
    assert '"ready": true' in ready


async def redelivered(stage: Stage, event: dict[str, Any]) -> None:
    """Deliver a webhook to a new gateway until it says 200."""
    heir = stage.start()
    await heir.serving()
    port = await heir.webhook_port()
    for _ in range(50):
        if await asyncio.to_thread(post, port, event, secret=WEBHOOK_SECRET) == 200:
            if event is not None and len(stage.gateways) < 5:
                heir.kill()
            return
        await asyncio.sleep(0.1)
    pytest.fail(stage.logs())


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
        return str(answer.read().decode())


@pytest.mark.timeout(120)
async def test_told_to_stop_it_finishes_what_is_at_the_provider_and_hands_over_the_rest(
    private_broker: Broker, tmp_path: Path
) -> None:
    book = tmp_path / "book.sqlite"
    commands = [command(n, "sim:delay=2s") for n in range(20)]
    waiting = [command(f"0#{n}", "sim:ok", tenant_id="tenant-0") for n in range(3)]
    options = ("--provider", "simulator", "--book", str(book))
    async with staged(private_broker.bootstrap, tmp_path, *options) as stage:
        gateway = stage.start()
        await gateway.serving()
        await stage.give(*commands, *waiting)
        await until(lambda: sum(book_captures(book).values()) >= 20, stage.logs)
        metrics = await gateway.health() + "/metrics"
        await until(lambda: "rater_gateway_in_flight 23.0" in read(metrics), stage.logs)
        busy = await asyncio.to_thread(read, metrics)
        began = time.monotonic()
        gateway.signal(signal.SIGTERM)
        assert await gateway.ended() == 0, stage.logs()
        took = time.monotonic() - began
        heir = stage.start()
        await heir.serving()
        await stage.settled([*commands, *waiting])
        await asyncio.sleep(0.5)
        results = await stage.results()
        heir.signal(signal.SIGTERM)
        assert await heir.ended() == 0

    made = sorted(made_at for tenant, made_at in made_at_ms(book) if tenant == "tenant-0")
    assert [made[0] + 2_000 <= later for later in made[1:]] == [True] * 3, "one after the other"
    assert 'rater_gateway_provider_requests_total{operation="look_up",status="none"} 20.0' in busy
    assert took < 5, stage.logs()
    assert {1} == set(book_captures(book).values())
    assert {1} == {len(told) for told in results.values()}, "nothing was done twice"
    assert gateway.noise() + heir.noise() == []


@pytest.mark.timeout(120)
async def test_a_gateway_woken_after_its_session_charges_nothing_again(
    private_broker: Broker, tmp_path: Path
) -> None:
    book = tmp_path / "book.sqlite"
    commands = [command(n, "sim:delay=500ms") for n in range(30)]
    options = ("--provider", "simulator", "--book", str(book), "--concurrency", "8")
    async with staged(private_broker.bootstrap, tmp_path, *options) as stage:
        zombie = stage.start()
        await zombie.serving()
        await stage.give(*commands)
        await until(lambda: sum(book_captures(book).values()) >= 4, stage.logs)
        zombie.signal(signal.SIGSTOP)
        forget_keys(book)
        heir = stage.start()
        await stage.settled(commands)
        forget_keys(book)
        zombie.signal(signal.SIGCONT)
        await stage.give(*(last := [command(f"last{n}", "sim:ok") for n in range(20)]))
        await stage.settled(last)
        await asyncio.sleep(2)
        results = await stage.results()
        for gateway in (zombie, heir):
            gateway.signal(signal.SIGTERM)
            assert await gateway.ended() == 0, stage.logs()
    print(f"{sum(len(told) - 1 for told in results.values())} results repeated")

    assert dict.fromkeys((c["command_id"] for c in [*commands, *last]), 1) == book_captures(book)
    all_equal(results)
    assert zombie.noise() + heir.noise() == []


async def test_behind_the_markers_of_transactions_no_lag_is_left(
    private_broker: Broker, tmp_path: Path
) -> None:
    """Method: commands as recharge writes them; then aborted ones alone, and a gateway that never reads a record."""
    bootstrap, topic = private_broker.bootstrap, PAYMENT_COMMANDS.name
    provider = ("--provider", "simulator", "--book", str(tmp_path / "book.sqlite"))
    commands = [command(f"marked-{number}", "sim:ok") for number in range(20)]
    async with (
        staged(bootstrap, tmp_path, *provider) as stage,
        watching(bootstrap, GATEWAY_GROUP) as watch,
    ):
        first = stage.start()
        await give_in_transactions(bootstrap, commands)
        await stage.settled(commands)
        await watch.until_done(topic, timeout_s=20)
        lags = await lags_of(first)
        first.signal(signal.SIGTERM)
        assert await first.ended() == 0, stage.logs()
        await give_in_transactions(bootstrap, commands[:3], abort=True)
        before = sum((await watch.committed(topic)).values())
        heir = stage.start()
        await heir.serving()
        await watch.until_done(topic, timeout_s=20)
        ends, done = await watch.ends(topic), await watch.committed(topic)
        lags_of_heir = await lags_of(heir)
        results = await stage.results()

    assert {number: end for number, end in ends.items() if end} == {
        number: at for number, at in done.items() if at
    }
    assert sum(ends.values()) == before + 3 * 2
    assert [set(lags.values()), set(lags_of_heir.values())] == [{0.0}, {0.0}]
    assert dict.fromkeys(range(8), 0.0) == lags_of_heir
    assert {len(told) for told in results.values()} == {1}


async def give_in_transactions(
    bootstrap: str, commands: list[dict[str, Any]], *, abort: bool = False
) -> None:
    """Write each command in a transaction of its own, which leaves a marker behind it."""
    async with producer(bootstrap, transactional_id="recharge-as-it-were") as out:
        for each in commands:
            await out.begin_transaction()
            record = (json.dumps(each).encode(), each["tenant_id"].encode())
            await out.send_and_wait(PAYMENT_COMMANDS.name, *record)
            await (out.abort_transaction() if abort else out.commit_transaction())


async def lags_of(gateway: GatewayProcess) -> dict[int, float]:
    """Wait until a gateway reports a lag of none, or no longer; return what it says, by partition."""
    address = await gateway.health() + "/metrics"
    for _ in range(100):
        text = await asyncio.to_thread(read, address)
        lags = {int(n): float(lag) for n, lag in LAG.findall(text)}
        if lags and not any(lags.values()):
            return lags
        await asyncio.sleep(0.1)
    return lags
