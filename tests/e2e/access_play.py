"""A play in which every role does everything that it ever does, each logged in as itself.

Money is given and spent, refilled, corrected; and whatever can go wrong does, once: what cannot be read, what cannot be
priced, a payment that nobody asked for, a letter that cannot be delivered, a card that is refused first.
"""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from loadtest.circle.services import CLOCK, _port
from loadtest.service import Service
from rater.shell.canary.terms import opening
from rater.wire.settings.charging_settings import encode_settings
from tests.build import NOW, settings_version
from tests.e2e.access_stage import ROOT, AccessBroker, environment, rater
from tests.e2e.broker import consume, produce
from tests.e2e.notifier_stage import Hook, receiving
from topics import catalog, roles
from topics.records.charging_settings import NumberMask

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from topics.catalog import Topic
    from topics.roles import Role

DATA = ROOT / "rater" / "data"
SINCE = "2024-01-01T00:00:00Z"
MASKS = (NumberMask("+33", 6), NumberMask("", 4))
"""The last digits that are hidden: of French numbers six, of all others four."""
CALLED, CALLER, UNPRICED = "+33612345678", "+33687654321", "+999123456"
"""Numbers of the play; the last one has no price."""
DAYS = 3
"""After which a call that waits for a price is free."""
RETAINED_D = 500
"""For how many days every topic that has a time is to keep its records: no topic has it by the catalog."""
RETRY_S = 3_900
"""How far the clock of recharge is set forward: a card that was refused for now is asked again after an hour."""
UNKNOWN = "@nowhere.example"
"""Addresses that the mail server does not have."""
SECRETS = {roles.NOTIFIER: {"RATER_WEBHOOK_SECRET": "of this play"}}
PATIENCE_S = 60.0


def lines(*records: dict[str, Any]) -> str:
    """Return records as lines of JSON."""
    return "".join(json.dumps(record) + "\n" for record in records)


def instant(ago_s: float) -> str:
    """Return an instant so many seconds ago."""
    return datetime.fromtimestamp(time.time() - ago_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def call(cdr_id: str, seconds: int, ended_ago_s: float = 60.0, **fields: Any) -> dict[str, Any]:
    """Return a CDR of acme."""
    return {
        "cdr_id": cdr_id,
        "tenant_id": "acme",
        "direction": "out",
        "to": CALLED,
        "from": CALLER,
        "started_at": instant(ended_ago_s + seconds),
        "ended_at": instant(ended_ago_s),
        "billsec": seconds,
        **fields,
    }


def order(kind: str, tenant: str = "acme", **fields: Any) -> dict[str, Any]:
    """Return a command."""
    return {"type": kind, "command_id": f"{tenant}-{kind}", "tenant_id": tenant, **fields}


class Play:
    """One play on one broker."""

    def __init__(self, broker: AccessBroker, folder: Path) -> None:
        """Start nothing yet."""
        self.broker = broker
        self.folder = folder
        self.services: dict[str, Service] = {}
        self.hook = Hook()
        """What has come to the webhook of acme."""

    def by(
        self, role: Role, *arguments: str, given: str = "", codes: tuple[int, ...] = (0,)
    ) -> str:
        """Run a command as a role, which must end well; return what it printed."""
        done = rater(self.broker, role, *arguments, given=given)
        assert done.code in codes, f"{role.principal}: rater {' '.join(arguments)}: {done}"
        return done.out

    def prepare(self) -> None:
        """Make the topics, and publish prices, plans and settings."""
        self.by(roles.OPERATOR, "topics", "create")
        self.by(roles.OPERATOR, "topics", "check")
        settings = self.folder / "settings.json"
        masks = [{"prefix": each.prefix, "digits": each.digits} for each in MASKS]
        version = {"version": 1, "valid_from": SINCE, "corrections": True, "number_masks": masks}
        settings.write_text(json.dumps({**version, "freecall_after_days": DAYS}))
        from_then = ("--valid-from", SINCE)
        deck = ("--deck-id", "sample", "--version", "1", "--currency", "USD", *from_then)
        plans = ("--version", "1", *from_then, "--backdate")
        self.by(roles.CONFIG_LOADER, "config", "load", str(settings), "--backdate")
        self.by(roles.DECK_LOADER, "deck", "load", str(DATA / "sample_deck.csv"), *deck)
        self.by(roles.PLAN_LOADER, "plan", "load", str(DATA / "sample_plans.toml"), *plans)
        times = [
            f"--retention={each.name}={RETAINED_D}d"
            for each in catalog.CATALOG
            if each.has_retention
        ]
        self.by(roles.RETENTION, "topics", "alter", "--yes", *times)
        self.by(roles.OPERATOR, "topics", "check", *times)
        deck = ("--deck-id", "canary", "--version", "1", "--currency", "XTS", *from_then)
        self.by(roles.DECK_LOADER, "deck", "load", str(DATA / "canary_deck.csv"), *deck)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run all services, and a mail server."""
        mailbox = ("--mailbox", str(self.folder / "mailbox.jsonl"), "--unknown", UNKNOWN)
        log = self.folder / "sink.log"
        with ExitStack() as stack:
            sink = Service("mail", "loadtest.smtp_sink", ("--port", "0", *mailbox), log)
            port = str(_port(stack.enter_context(sink)))
            smtp = ("--smtp-host", "127.0.0.1", "--smtp-port", port, "--smtp-tls", "none")
            self.hook = stack.enter_context(receiving())
            book = str(self.folder / "captures.sqlite")
            commands = {
                roles.CHARGING: ("worker", "charging"),
                roles.RECHARGE: ("worker", "recharge"),
                roles.GATEWAY: ("gateway", "--provider", "simulator", "--book", book),
                roles.NOTIFIER: (
                    *("notifier", *smtp, "--retry-first", "0.2", "--webhook-allow-insecure"),
                ),
                roles.GATEKEEPER: ("gatekeeper", "--port", "0"),
                roles.WATCH: ("watch", "--every", "1"),
            }
            for role, words in commands.items():
                self.services[role.principal] = stack.enter_context(
                    Service(
                        f"rater {role.principal}",
                        "rater",
                        (*words, "--metrics-port", "0"),
                        self.folder / f"{role.principal}.log",
                        {**environment(self.broker, role), **SECRETS.get(role, {})},
                    )
                )
            yield

    def restart(self, role: Role, **environment: str) -> None:
        """Stop a service in order and start it again: it reads what it remembers."""
        service = self.services[role.principal]
        service.stop()
        service.environment.update(environment)
        service.start()

    async def written(self, *topics: Topic) -> None:
        """Wait until there is a record on each of some topics."""
        left = {topic.name for topic in topics}
        places = [TopicPartition(t.name, number) for t in topics for number in range(t.partitions)]
        reader = AIOKafkaConsumer(
            bootstrap_servers=self.broker.bootstrap, isolation_level="read_committed"
        )
        try:
            await reader.start()
            async with asyncio.timeout(PATIENCE_S):
                while left:
                    self.check()
                    ends = await reader.end_offsets(places)
                    left -= {place.topic for place, end in ends.items() if end}
                    await asyncio.sleep(0.2)
        except TimeoutError as error:
            logs = "\n".join(each.last_lines() for each in self.services.values())
            raise AssertionError(f"nothing on {sorted(left)}\n{logs}") from error
        finally:
            await reader.stop()

    def check(self) -> None:
        """Raise when a service has ended."""
        for service in self.services.values():
            service.check()

    def give(self) -> None:
        """Open an account, fund it, and say how it is refilled and who is told."""
        money: dict[str, Any] = {
            "amount_micros": 100_100_000,
            "currency": "USD",
            "purchased_at": instant(3_600),
        }
        emails = ["it@acme.example", f"gone{UNKNOWN}"]
        card = {"reference": "sim:insufficient_funds,ok", "label": "Visa 4242"}
        refill: dict[str, Any] = {"trigger_micros": 100_000_000, "amount_micros": 200_000_000}
        self.by(
            *(roles.BILLING, "produce", catalog.ACCOUNT_COMMANDS.name),
            given=lines(
                order("open_account", currency="USD", decks=["sample"]),
                order("add_funds", lot_id="L1", **money),
                order("set_user", user_id="ann", usage_country="US"),
            ),
        )
        self.by(
            *(roles.ADMINISTRATOR, "produce", catalog.ACCOUNT_REQUESTS.name),
            given=lines(
                order("set_recipients", emails=emails, language="en", webhook=self.hook.url),
                order("set_payment_methods", methods=[card]),
                order("set_auto_recharge", enabled=True, **refill),
            ),
        )
        self.by(
            *(roles.ADMINISTRATOR, "produce", catalog.RECHARGE_COMMANDS.name),
            given=lines(order("resume_recharge")),
        )

    def stand_in(self) -> None:
        """Do the same for another account by the login that stands in for all, and wait for the answers."""
        opened = order("open_account", "globex", currency="USD", decks=["sample"])
        told = self.by(
            *(roles.PRODUCE, "produce", catalog.ACCOUNT_COMMANDS.name, "--wait"),
            given=lines(opened),
        )
        assert "accepted" in told, told
        thresholds = order("set_thresholds", "globex", thresholds=[])
        resume = order("resume_recharge", "globex")
        for topic, record in (
            (catalog.ACCOUNT_REQUESTS, thresholds),
            (catalog.RECHARGE_COMMANDS, resume),
            (catalog.CDR_RAW, call("busy", 0, tenant_id="globex", disposition="busy")),
        ):
            self.by(roles.PRODUCE, "produce", topic.name, given=lines(record))

    async def name_canary(self) -> None:
        """Name a canary in settings that say that all have known them for long: by loading them it takes an hour."""
        settings = settings_version(
            2, NOW, corrections=True, freecall_after_days=DAYS, canary_tenants=("canary",),
            number_masks=MASKS,
        )  # fmt: skip
        records = [encode_settings(settings)]
        await produce(self.broker.bootstrap, catalog.CHARGING_SETTINGS.name, records, partition=0)

    def probe(self) -> None:
        """Play a round of the canary, once its account is open: it calls, and is refilled."""
        told = self.by(
            *(roles.PRODUCE, "produce", catalog.ACCOUNT_COMMANDS.name, "--wait"),
            given=lines(opening("canary")),
        )
        assert "accepted" in told, told
        self.by(roles.CANARY, "canary", "--tenant", "canary", "--once", "--metrics-port", "0")

    def spend(self) -> None:
        """Call, also where no price is; the first call takes the account below its trigger."""
        self.by(
            *(roles.CALL_PLATFORM, "produce", catalog.CDR_RAW.name),
            given=lines(
                call("c1", 219, user_id="ann"),
                call("c2", 60),
                call("c3", 60, to=UNPRICED),
            ),
        )

    def correct(self) -> None:
        """Correct a call that was charged by a batch before."""
        self.by(
            *(roles.CALL_PLATFORM, "produce", catalog.CDR_RAW.name),
            given=lines(call("c2", 120, version=2, kind="correction")),
        )

    async def spoil(self) -> None:
        """Put on the topics, past all rules, what no role would ever write there."""
        old_s = (DAYS + 1) * 86_400
        old = json.dumps(call("old", 60, old_s, to=UNPRICED)).encode()
        at_ms = int(time.time() - old_s) * 1_000
        bootstrap = self.broker.bootstrap
        await produce(bootstrap, catalog.CDR_RAW.name, [(b"acme", old)], timestamp_ms=at_ms)
        forged = {
            "outcome": "succeeded",
            "command_id": "acme/recharge/9/1/1",
            "tenant_id": "acme",
            "at_ms": int(time.time() * 1_000),
            "provider": "simulator",
            "payment_id": "pi_forged",
            "amount_micros": 1,
            "currency": "USD",
            "mode": "test",
            "livemode": False,
        }
        results = [(b"acme", json.dumps(forged).encode()), (b"acme", b"{no result")]
        await produce(bootstrap, catalog.PAYMENT_RESULTS.name, results)
        for topic in (catalog.PAYMENT_COMMANDS, catalog.NOTIFICATIONS):
            await produce(bootstrap, topic.name, [(b"acme", b"{not json")])
        torn = b'{not json, "from":"%s","to":"%s"' % (CALLER.encode(), CALLED.encode())
        await produce(bootstrap, catalog.CDR_RAW.name, [(b"acme", torn)])

    async def mend(self) -> None:
        """Write again, mended, what could not be read of each topic that people and platforms write; drop the rest."""
        mended = (
            (catalog.CDR_RAW, call("mended", 60)),
            (catalog.ACCOUNT_COMMANDS, order("set_decks", "globex", decks=["sample"])),
            (catalog.ACCOUNT_REQUESTS, order("set_thresholds", "globex", thresholds=[])),
            (catalog.RECHARGE_COMMANDS, order("resume_recharge", "globex")),
        )
        who = ("--by", "ann@acme.example")
        for topic, record in mended:
            if topic is not catalog.CDR_RAW:
                await produce(self.broker.bootstrap, topic.name, [(b"globex", b"{not json")])
            letter = await self._letter_of(topic)
            words = ("replay", "--id", letter, "--with", "-", *who)
            said = await asyncio.to_thread(
                self.by, roles.DEAD_LETTERS, "dead", *words, given=lines(record)
            )
            assert "replayed" in said, said
        await asyncio.to_thread(self.by, roles.DEAD_LETTERS, "dead", "drop", "--all", *who)
        # What lies on the suspense topic and must be written again, is a letter, too.
        lists = ("dead", "ls", "--found", "misrouted")
        await asyncio.to_thread(self.by, roles.DEAD_LETTERS, *lists, codes=(0, 1))

    async def _letter_of(self, topic: Topic) -> str:
        """Wait for a letter of a topic; return its id."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                words = ("dead", "show", "--topic", topic.name, "--json")
                said = await asyncio.to_thread(self.by, roles.DEAD_LETTERS, *words, codes=(0, 1))
                if said:
                    return str(json.loads(said.splitlines()[0])["dead_id"])
                self.check()
                await asyncio.sleep(0.3)

    async def turn_month(self) -> None:
        """Open an account 40 days ago that is told of its months: one of them is over."""
        at_ms = int(time.time() - 40 * 86_400) * 1_000
        opened = order("open_account", "monthly", currency="USD", decks=["sample"])
        emails = ["it@acme.example", f"gone{UNKNOWN}"]
        told: dict[str, Any] = {"emails": emails, "webhook": self.hook.url, "statements": True}
        asked = order("set_recipients", "monthly", **told)
        for topic, record in (
            (catalog.ACCOUNT_COMMANDS, opened),
            (catalog.ACCOUNT_REQUESTS, asked),
        ):
            records = [(b"monthly", json.dumps(record).encode())]
            await produce(self.broker.bootstrap, topic.name, records, timestamp_ms=at_ms)
            await asyncio.sleep(1.0)

    async def look_at_groups(self) -> None:
        """Have the watch see every group behind; nobody is there any more to take what is written."""
        for topic in catalog.CATALOG:
            if topic.taken_by:
                await produce(self.broker.bootstrap, topic.name, [(b"acme", b"{not json")])
        said = await asyncio.to_thread(self.by, roles.WATCH, "watch", "--once", "--json")
        found = [json.loads(line) for line in said.splitlines()]
        behind = {each["topic"] for each in found if each["lag_seconds"]}
        assert behind == {topic.name for topic in catalog.CATALOG if topic.taken_by}, said

    def ask(self) -> None:
        """Ask the gatekeeper, and the command that asks in its place, whether the number may be called."""
        words = ("authorise", "--tenant", "acme", "--to", CALLED, "--from", CALLER)
        said = self.by(roles.GATEKEEPER, *words, codes=(0, 1))
        log = self.services[roles.GATEKEEPER.principal].log.read_text()
        url = log.partition("questions on ")[2].split()[0]
        question = json.dumps({"tenant_id": "acme", "to": CALLED, "from": CALLER}).encode()
        asked = urllib.request.Request(url, question, {"Content-Type": "application/json"})  # noqa: S310  # Our own.
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
            said += answer.read().decode()
        (self.folder / "answers.json").write_text(said)

    def look(self) -> None:
        """Read, as those who are outside, what is there for them."""
        for role in (roles.CALL_CONTROL, roles.ADMINISTRATOR, roles.FINANCE, roles.OPERATOR):
            for topic in catalog.CATALOG:
                if role in topic.readers:
                    said = self.by(role, "topics", "read", topic.name, "--limit", "1")
                    assert said, (role, topic.name)
        who = ("--cdr", "c3", "--by", "ann@acme.example")
        tried = self.by(roles.RECYCLER, "suspense", "recycle", "--dry-run", *who)
        assert "still_waits" in tried, tried
        self.by(roles.RECYCLER, "suspense", "drop", *who)
        again = ("--tenant", "acme", "--job", "play", "--limit", "100", "--by", "ann")
        assert "job play: differ 0" in self.by(roles.RECYCLER, "rerate", *again)
        for words in (("account", "show"), ("ledger",), ("calls",)):
            assert "acme" in self.by(roles.ENQUIRER, *words, "acme", "--json"), words
        assert "globex" in self.by(roles.ENQUIRER, "account", "list")
        for cdr_id, word in (("c1", "rated"), ("c3", "dropped"), ("old", "freecall")):
            said = self.by(roles.ENQUIRER, "explain", cdr_id, "--tenant", "acme")
            assert word in said, said
            (self.folder / f"explained-{cdr_id}.txt").write_text(said)


async def perform(broker: AccessBroker, folder: Path) -> str:
    """Play it all; return what the reconciler says of it."""
    play = Play(broker, folder)
    await asyncio.to_thread(play.prepare)
    with play.running():
        await play.name_canary()
        await asyncio.to_thread(play.stand_in)
        await asyncio.to_thread(play.probe)
        await asyncio.to_thread(play.give)
        await play.written(catalog.ACCOUNTS_CHANGELOG)
        await asyncio.to_thread(play.spend)
        await play.spoil()
        late = (catalog.RECHARGE_TIMERS, catalog.DEAD_ENDED)
        await play.written(*(topic for topic in catalog.CATALOG if topic not in late))
        await asyncio.to_thread(play.correct)
        await _is_there(play, "charge_reversed", lambda: _ledger(broker))
        await asyncio.gather(
            asyncio.to_thread(play.restart, roles.CHARGING),
            asyncio.to_thread(play.restart, roles.NOTIFIER),
            asyncio.to_thread(play.restart, roles.RECHARGE, **{CLOCK: str(RETRY_S)}),
        )
        await play.mend()
        await play.written(*late)
        await play.turn_month()
        await _is_there(play, '"figures"', lambda: _webhooks(play))
        await _is_there(play, "funds_added", lambda: _mails(folder))
        await _is_there(play, "funds_added", lambda: _webhooks(play))
        await asyncio.to_thread(play.ask)
        await asyncio.to_thread(play.look)
    said = play.by(roles.RECONCILER, "reconcile", codes=(0, 1))
    await play.look_at_groups()
    return said


async def _is_there(play: Play, what: str, where: Callable[[], Awaitable[str]]) -> None:
    """Wait until a text says what is waited for."""
    async with asyncio.timeout(PATIENCE_S):
        while what not in await where():
            play.check()
            await asyncio.sleep(0.3)


async def _ledger(broker: AccessBroker) -> str:
    return str([each.value for each in await consume(broker.bootstrap, catalog.LEDGER.name)])


async def _webhooks(play: Play) -> str:
    """Return the bodies so far, and keep them beside the mails."""
    said = "\n".join(body.decode() for _, body in play.hook.requests)
    (play.folder / "webhooks.jsonl").write_text(said)
    return said


async def _mails(folder: Path) -> str:
    return (folder / "mailbox.jsonl").read_text()
