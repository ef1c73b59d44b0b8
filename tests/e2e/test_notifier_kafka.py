"""The notifier on real Kafka, with a real mail server and a real webhook receiver: the mailbox is the truth."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import socket
import threading
from collections import Counter
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook

from rater.shell.notifier.settings import TENANT_TURNS
from rater.shell.notifier.waiting_room import PER_TENANT
from rater.shell.notifier.webhook_keys import tenant_key, written_key
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.failpoints import NOTIFIER_FAILPOINTS
from tests.e2e.broker import own_broker
from tests.e2e.notifier_stage import AT_MS, SECRET, SHORT_SESSION, Sink, notice, staged, until
from topics.catalog import NOTIFICATIONS_DEAD, PARTITIONS, RECHARGE_DEAD
from topics.partitioner import partition_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from deploy.kafka.broker import Broker
    from tests.e2e.notifier_stage import Notifier, Stage

EXAMPLES = Path(__file__).parents[2] / "topics" / "examples" / "notifications.v1.valid.jsonl"
EXIT_KILLED = -signal.SIGKILL
ONE_AT_A_TIME = ("--deliveries", "1", "--webhook-deliveries", "1", "--in-flight", "1")
GONE = "@gone.example"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Give the tests of this module one broker, and one mail server that knows nobody at gone.example."""
    broker = own_broker()
    try:
        broker.start()
        with staged(broker.bootstrap, tmp_path_factory.mktemp("stage"), "--unknown", GONE) as found:
            yield found
    finally:
        broker.remove()


@contextmanager
def ending(stage: Stage) -> Iterator[None]:
    """End what a test has started, whatever becomes of it."""
    try:
        yield
    finally:
        for notifier in stage.notifiers:
            notifier.end()


def ours(counts: Counter[tuple[str, str]], tenant: str) -> Counter[tuple[str, str]]:
    """Return what the mailbox has for the notifications of tenants whose names begin so."""
    return Counter({pair: n for pair, n in counts.items() if pair[0].startswith(tenant)})


async def test_every_kind_reaches_every_recipient_once_and_nothing_goes_out_again(
    private_broker: Broker, tmp_path: Path
) -> None:
    with staged(private_broker.bootstrap, tmp_path) as stage:
        notices = [
            {**json.loads(line), "webhook": stage.hook.url}
            for line in EXAMPLES.read_text().splitlines()
        ]
        await stage.publish(*notices, *notices[:4])
        notifier = stage.start()
        await stage.done()
        expected = Counter((n["notification_id"], e) for n in notices for e in n["emails"])

        assert expected == stage.sink.counts()
        assert Counter(n["notification_id"] for n in notices) == stage.hook.counts()
        for headers, body in stage.hook.requests:
            key = written_key(tenant_key(SECRET, json.loads(body)["tenant_id"]))
            sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
            signed = Webhook(key).sign(headers["webhook-id"], sent_at, body.decode())
            assert signed == headers["webhook-signature"]
            assert json.loads(body)["schema_version"] == 1

        assert (200, '{"ready": true, "missing": {}}\n') == notifier.get("/readyz")
        assert notifier.get("/livez")[0] == 200
        metrics = notifier.get("/metrics")[1]
        sent = 'rater_notifier_deliveries_total{channel="email",outcome="sent"}'
        assert f"{sent} {expected.total():.1f}" in metrics
        assert "rater_rebalances_total 1.0" in metrics
        written = f"{metrics}{notifier.text()}{await stage.marks()}"
        assert not [email for n in notices for email in n["emails"] if email in written]
        assert 0 == await notifier.terminate()
        assert [] == notifier.noise()

        # The group's offsets are lost, as after a week's rest: the marks know what was sent.
        await stage.rewind()
        again = stage.start()
        await stage.done()
        assert 0 == await again.terminate()
        assert expected == stage.sink.counts()
        assert len(notices) == len(stage.hook.requests)


async def test_killed_at_every_place_it_tells_everyone_and_twice_only_where_smtp_cannot_promise(
    stage: Stage,
) -> None:
    """Each kind of delivery goes alone: a kill at a webhook's place could catch a letter where SMTP cannot promise."""
    hook = stage.hook.url
    letters_places = ("before_sending_mark", "after_sending_mark", "after_smtp", "after_sent_mark")
    undelivered_places = ("before_undelivered", "after_undelivered")
    webhook_places = tuple(place for place in NOTIFIER_FAILPOINTS if "webhook" in place)
    with ending(stage):
        letters = await _kill_at(
            stage,
            letters_places,
            lambda tenant: [
                notice(tenant, 1, "ada@acme.example", "bob@acme.example"),
                notice(tenant, 2, "ada@acme.example"),
            ],
        )
        lost = await _kill_at(
            stage,
            undelivered_places,
            lambda tenant: [notice(tenant, 1, f"eve{GONE}"), notice(tenant, 2)],
        )
        posted = await _kill_at(
            stage,
            webhook_places,
            lambda tenant: [notice(tenant, n, webhook=hook) for n in range(1, 4)],
        )
        letters += await _kill_at(
            stage, ("before_offset_commit",), lambda t: [notice(t, 1, "ada@acme.example")], times=1
        )

    done = {*letters_places, *undelivered_places, *webhook_places, "before_offset_commit"}
    assert set(NOTIFIER_FAILPOINTS) == done
    mails = ours(stage.sink.counts(), "kill-")
    posts = {key: n for key, n in stage.hook.counts().items() if key.startswith("kill-")}
    dead = Counter(
        d["reason"]
        for d in await stage.letters(NOTIFICATIONS_DEAD.name)
        if d["tenant_id"].startswith("kill-")
    )
    assert {(n["notification_id"], e) for n in letters for e in n["emails"]} == set(mails)
    assert {n["notification_id"] for n in posted} == set(posts)
    # Once each at `after_smtp` and `after_webhook`: accepted, and killed before that could be marked.
    assert [2] == [n for n in mails.values() if n != 1]
    assert [2] == [n for n in posts.values() if n != 1]
    assert len(undelivered_places) * 2 == len(lost)
    assert dict.fromkeys(("no_recipient", "refused"), len(undelivered_places)) == dead


async def _kill_at(
    stage: Stage,
    places: Iterable[str],
    act: Callable[[str], list[dict[str, Any]]],
    times: int = 2,
) -> list[dict[str, Any]]:
    """Kill a notifier at each place while it tells an act; then let another finish. Return what was to be told."""
    notices: list[dict[str, Any]] = []
    for place in places:
        notices += act(f"kill-{place}")
        await stage.publish(*act(f"kill-{place}"))
        killed = stage.start(*ONE_AT_A_TIME, failpoint=f"{place}:{times}")
        assert EXIT_KILLED == await killed.ended(), killed.text()
    last = stage.start(*ONE_AT_A_TIME)
    await stage.done()
    assert 0 == await last.terminate()
    return notices


async def test_with_skip_a_mail_in_doubt_is_not_sent_again_but_becomes_a_dead_letter(
    stage: Stage,
) -> None:
    options = (*ONE_AT_A_TIME, "--on-doubt", "skip")
    with ending(stage):
        await stage.publish(notice("skip", 1, "ada@acme.example"), notice("skip", 2, "b@c.example"))
        killed = stage.start(*options, failpoint="after_sending_mark")
        assert EXIT_KILLED == await killed.ended()
        restarted = stage.start(*options)
        await stage.done()
        assert 0 == await restarted.terminate()

    assert {("skip/2/exhausted", "b@c.example"): 1} == ours(stage.sink.counts(), "skip/")
    (dead,) = [d for d in await stage.letters(NOTIFICATIONS_DEAD.name) if d["tenant_id"] == "skip"]
    assert ("in_doubt", 0) == (dead["reason"], dead["attempts"])
    assert "it may have been sent, and by --on-doubt skip it is not sent again" == dead["detail"]


async def test_while_the_mail_server_is_down_webhooks_go_on_and_then_nothing_is_missing(
    private_broker: Broker, tmp_path: Path
) -> None:
    with staged(private_broker.bootstrap, tmp_path) as stage, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Nobody listens.
        port = taken.getsockname()[1]
        stage.sink.stop()
        stage.sink.port = port
        notifier = stage.start("--tries", "12", "--in-flight", "50")
        stage.hook.answers = {"acme/5/exhausted": [503, 302, 429, 204]}
        await stage.publish(
            *(notice("acme", n, "ada@acme.example") for n in range(5)),
            notice("acme", 5, webhook=stage.hook.url),
            b"{not json",
            notice("globex", 6, "eve@globex.example", webhook=stage.hook.url),
        )
        await until(lambda: len(stage.hook.requests) >= 5, "webhooks")
        dead = await stage.letters(RECHARGE_DEAD.name)
        assert [("not_json", "notifications.v1")] == [
            (letter["reason"], letter["source_topic"]) for letter in dead
        ]
        assert Counter() == stage.sink.counts()
        taken.close()
        sink = stage.sink = Sink(stage.sink.mailbox, "--port", str(port), "--refuse-first", "3")
        await stage.done()

        expected = {(f"acme/{n}/exhausted", "ada@acme.example"): 1 for n in range(5)}
        assert expected | {("globex/6/exhausted", "eve@globex.example"): 1} == sink.counts()
        assert 0 == await notifier.terminate()
        assert [] == notifier.noise()


async def test_when_the_tries_are_spent_a_dead_letter_keeps_the_notification(stage: Stage) -> None:
    hook = stage.hook
    with ending(stage):
        hook.answers = {"spent/1/exhausted": [500], "spent/2/exhausted": [410]}
        notifier = stage.start(*ONE_AT_A_TIME, "--tries", "3")
        for number in (1, 2):
            await stage.publish(notice("spent", number, webhook=hook.url))
            await stage.done()
        assert 0 == await notifier.terminate()

    dead = [d for d in await stage.letters(NOTIFICATIONS_DEAD.name) if d["tenant_id"] == "spent"]
    assert [("retries_spent", 3, "HTTP status 500"), ("refused", 1, "HTTP status 410")] == [
        (d["reason"], d["attempts"], d["detail"]) for d in dead
    ]
    assert "spent/1/exhausted" == json.loads(dead[0]["notification"])["notification_id"]


async def test_notifiers_join_leave_and_die_at_random_and_everyone_is_told(stage: Stage) -> None:
    draw = random.Random(4)
    tenants = [f"many-{n}" for n in range(40)]
    expected: set[tuple[str, str]] = set()
    kills = 0
    with ending(stage):
        running = [stage.start(*SHORT_SESSION), stage.start(*SHORT_SESSION)]
        for round_ in range(6):
            for tenant in tenants:
                found = notice(tenant, round_, "ada@acme.example", f"{tenant}@x.example")
                expected |= {(found["notification_id"], email) for email in found["emails"]}
                await stage.publish(found)
            await asyncio.sleep(draw.random())
            victim = running.pop(draw.randrange(2))
            if round_ % 3 == 2:
                await until(victim.serves, "it listens to signals")
                assert 0 == await victim.terminate(), victim.text()
            else:
                victim.end()
                kills += 1
            running.append(stage.start(*SHORT_SESSION))
        await stage.done()
        for notifier in running:
            assert 0 == await notifier.terminate(), notifier.text()

    counts = ours(stage.sink.counts(), "many-")
    twice = [pair for pair, n in counts.items() if n > 1]
    print(f"{kills} kills, {counts.total()} mails, {len(twice)} of {len(expected)} twice")
    assert expected == set(counts)
    assert len(twice) <= kills * 8  # No more than were being sent.


async def test_a_rebalance_while_a_notifier_leaves_waits_for_what_it_is_sending(
    stage: Stage,
) -> None:
    """It took partitions up anew, and so fenced its own writers, which had a mark to write yet."""
    with ending(stage):
        leaving = stage.start()
        await until(lambda: len(leaving.serves()) == PARTITIONS, "it serves")
        stage.hook.seconds = {"leaving/1/exhausted": 8.0}
        await stage.publish(notice("leaving", 1, webhook=stage.hook.url))
        await until(lambda: stage.hook.counts()["leaving/1/exhausted"], "it is being sent")
        leaving.process.send_signal(signal.SIGTERM)
        heir = stage.start()
        assert 0 == await leaving.ended(), leaving.text()
        assert [] == leaving.noise()
        assert 1 == leaving.text().count("serving partitions")
        await stage.done()
        assert 0 == await heir.terminate()
    assert 1 == stage.hook.counts()["leaving/1/exhausted"]


async def test_a_notifier_that_was_suspended_is_fenced_and_sends_nothing_more(stage: Stage) -> None:
    with ending(stage):
        zombie = stage.start(*SHORT_SESSION)
        await until(lambda: len(zombie.serves()) == 8, "the first serves")
        zombie.process.send_signal(signal.SIGSTOP)
        heir = stage.start()
        await until(lambda: len(heir.serves()) == 8, "the second serves all")
        await stage.publish(*(notice(f"zombie-{n}", 1, "ada@acme.example") for n in range(20)))
        await stage.done()
        zombie.process.send_signal(signal.SIGCONT)
        await until(
            lambda: zombie.process.poll() is not None or len(heir.serves()) < 8, "the zombie woke"
        )
        await stage.publish(*(notice(f"zombie-{n}", 2, "ada@acme.example") for n in range(20)))
        await stage.done()
        assert zombie.process.poll() in {None, ExitCode.FENCED}
        assert 0 == await heir.terminate()

    counts = ours(stage.sink.counts(), "zombie-")
    assert {
        (f"zombie-{n}/{k}/exhausted", "ada@acme.example"): 1 for n in range(20) for k in (1, 2)
    } == (counts)


async def test_a_tar_pit_of_one_tenant_delays_no_other_and_loses_nothing(
    private_broker: Broker, tmp_path: Path
) -> None:
    """In one partition: 400 webhooks of a tenant whose receivers take the connection and never answer."""
    neighbours = _neighbours("pit", 20)
    with staged(private_broker.bootstrap, tmp_path) as stage, tar_pit() as (pit, taken):
        notifier = stage.start("--tries", "2")
        await until(lambda: len(notifier.serves()) == PARTITIONS, "it serves")
        crowd = [notice("pit", n, "ada@pit.example", webhook=f"{pit}/{n % 50}") for n in range(400)]
        await stage.publish(*crowd)
        await until(lambda: len(taken) >= TENANT_TURNS, "the pit has its turns")
        began = monotonic()
        await stage.publish(
            *(notice(t, 1, f"a@{t}.example", webhook=stage.hook.url) for t in neighbours)
        )
        told = {f"{tenant}/1/exhausted" for tenant in neighbours}
        await until(lambda: told <= set(stage.hook.counts()), "the neighbours' webhooks", 30.0)
        hooks_s = monotonic() - began
        await until(lambda: told <= {name for name, _ in stage.sink.counts()}, "mails", 30.0)
        mails_s = monotonic() - began
        print(f"a tar pit beside: webhooks of 20 others {hooks_s:.2f} s, mails {mails_s:.2f} s")
        assert len(taken) <= TENANT_TURNS, "the pit took more than its turns"
        assert max(hooks_s, mails_s) < 5.0
        full = f"rater_notifier_webhooks_waiting {PER_TENANT:.1f}"
        await until(lambda: full in notifier.get("/metrics")[1], "its room is full", 10.0)
        assert resident_kib(notifier) < 300 * 1024
        dead = await stage.letters(NOTIFICATIONS_DEAD.name)
        crowded = {d["notification_id"] for d in dead if d["reason"] == "crowded_out"}
        assert len(crowded) == 400 - PER_TENANT
        assert not crowded & told
        notifier.end()


def resident_kib(notifier: Notifier) -> int:
    """Return the resident memory of a notifier."""
    status = Path(f"/proc/{notifier.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def _neighbours(tenant: str, number: int) -> list[str]:
    """Return tenants of the same partition as another."""
    place = partition_of(tenant.encode(), PARTITIONS)
    names = (f"beside-{n}" for n in range(10_000))
    return list(islice((n for n in names if partition_of(n.encode(), PARTITIONS) == place), number))


@contextmanager
def tar_pit() -> Iterator[tuple[str, list[socket.socket]]]:
    """Take every connection and never answer."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            with suppress(OSError):
                while True:
                    taken.append(listening.accept()[0])

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", taken
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    for each in taken:
        each.close()


async def test_a_mail_bomb_is_a_few_letters_and_a_digest_that_survives_a_restart(
    private_broker: Broker, tmp_path: Path
) -> None:
    """50 commands that cross 16 thresholds each, told to 4 addresses: 3,200 letters, were each sent."""
    addresses = [f"a{n}@bomb.example" for n in range(4)]
    crossings = [
        notice("bomb", n, *addresses, kind="balance_low", cause_id=f"command-{n}", at_ms=AT_MS + n)
        | {
            "notification_id": f"bomb/{n}/crossed/t{m}",
            "threshold_id": f"t{m}",
            "threshold_micros": m,
        }
        for n in range(50)
        for m in range(16)
    ]
    with staged(private_broker.bootstrap, tmp_path) as stage:
        await stage.publish(*crossings)
        first = stage.start()
        await until(lambda: _mails_to(stage, "@bomb.example") >= 40, "the rate is used", 120.0)
        await _settled(stage, (len(crossings) - 1) * len(addresses))
        assert 0 == await first.terminate(), first.text()
        assert 40 == _mails_to(stage, "@bomb.example")

        # The same rate: nothing more goes out. One more an hour: the digest of what was held back.
        again = stage.start()
        await until(again.serves, "it serves")
        await asyncio.sleep(3.0)
        assert 0 == await again.terminate()
        assert 40 == _mails_to(stage, "@bomb.example")
        last = stage.start("--mails-per-hour", "11")
        await stage.done()
        assert 0 == await last.terminate()

    mails = [mail for mail in stage.sink.mails() if mail["to"][0].endswith("@bomb.example")]
    digests = [mail for mail in mails if mail["kind"] == "digest"]
    assert [11] * 4 == list(Counter(mail["to"][0] for mail in mails).values())
    assert {"bomb: 40 messages in one"} == {mail["subject"] for mail in digests}
    assert 4 == len(digests)


def _mails_to(stage: Stage, end: str) -> int:
    return sum(mail["to"][0].endswith(end) for mail in stage.sink.mails())


async def _settled(stage: Stage, letters: int) -> None:
    """Wait until all letters but the carriers of digests, one an address, are marked as sent or folded."""
    for _ in range(60):
        marks = [m for m in await stage.marks() if m["notification_id"].startswith("bomb/")]
        if letters <= len({m["recipient"] for m in marks if m["state"] in ("sent", "folded")}):
            return
        await asyncio.sleep(1.0)
    raise AssertionError(f"{len(marks)} marks")
