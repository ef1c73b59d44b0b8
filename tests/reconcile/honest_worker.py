"""An honest worker in memory: the real step, whose transactions write to topics that are lists."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from faust.types import TP
from prometheus_client import CollectorRegistry

from rater.batch.charging.freecall_timer import FreecallTimer
from rater.batch.charging.open_suspense import read_open
from rater.batch.charging.partition_state import Shard
from rater.batch.outputs import Records
from rater.core.charging_settings import ChargingSettings, SettingsBook
from rater.core.pricing.decks import Deck, DeckBook, Heading
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.plans.catalog import Catalog
from rater.core.pricing.rules import Rules
from rater.core.times import to_millis
from rater.kafka.unread import Unread
from rater.reconcile.reading.log import Located, Record
from rater.shell.charging.decider import ChargingDecider
from rater.shell.charging.metrics import ChargingMetrics
from rater.shell.charging.suspense_metrics import SuspenseMetrics
from rater.shell.process.health import Health
from rater.shell.process.metrics import Metrics
from rater.shell.step import Stepper
from rater.shell.stream.batches import RecordBatch
from rater.shell.versions.settings_load import as_published
from rater.wire.account.state import decode_account
from rater.wire.outputs import free_command, timer_command
from rater.wire.plans.plan_records import encode_catalog
from rater.wire.pricing.deck_calendars import read_calendars
from rater.wire.pricing.deck_csv import Sheet, compile_sheet, read_sheet
from rater.wire.pricing.deck_heading import read_heading
from rater.wire.pricing.deck_records import pack_deck
from rater.wire.pricing.numbering import load_numbers
from rater.wire.pricing.zones import zone_of
from rater.wire.settings.charging_settings import decode_settings, encode_settings
from rater.wire.settings.currencies import shipped_book
from rater.wire.settings.settings_file import complete
from rater.wire.unread import last_offset_of
from topics import catalog
from topics.authority import TOPIC_OF
from topics.partitioner import partition_of
from topics.records import PlanCatalog

CDRS, COMMANDS = catalog.CDR_RAW.name, catalog.ACCOUNT_COMMANDS.name
REQUESTS, TIMERS = catalog.ACCOUNT_REQUESTS.name, catalog.ACCOUNT_TIMERS.name
SOURCES = (COMMANDS, REQUESTS, TIMERS, CDRS)
SHEET = Path(__file__).parents[1] / "scenarios" / "acs.csv"
DAY_MS = 86_400_000
START_MS = 1_735_689_600_000
"""2025-01-01."""
PARTITIONS = 2


@dataclass(frozen=True)
class Kept:
    """A record as a batch takes it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


Append = Callable[[str, int, Records], list[int]]


class Transactions:
    """The step's transactions, every one of which is committed."""

    def __init__(self, append: Append) -> None:
        """`append` writes records to a partition of a topic and returns their offsets."""
        self.append = append
        self.written: dict[tuple[str, int], list[int]] = defaultdict(list)

    @asynccontextmanager
    async def step(self, _: TP | int) -> AsyncIterator["Transactions"]:
        """Open one."""
        self.written = defaultdict(list)
        yield self

    def halt(self, partition: int, reason: str) -> None:
        """Take a broken invariant for what it is."""
        raise AssertionError(partition, reason)

    def enlist(self, next_offset: int, topics: Any) -> None:
        """Expect it."""

    def write(self, topic: str, partition: int, records: Records) -> None:
        """Write."""
        self.written[topic, partition] += self.append(topic, partition, records)

    async def offsets(self, topic: str, partition: int) -> list[int]:
        """Return the offsets of what the open transaction has written."""
        return self.written[topic, partition]

    async def commit(self, next_offset: int | None = None) -> None:
        """Do nothing more."""


class Originals:
    """Reads entries back from the ledger of a worker in memory."""

    def __init__(self, worker: "HonestWorker") -> None:
        self.worker = worker

    async def look(self, partition: int, offsets: Sequence[int]) -> dict[int, bytes]:
        """Return those that are there."""
        return await self.read(partition, offsets)

    async def read(self, partition: int, offsets: Sequence[int]) -> dict[int, bytes]:
        """Return the entries at these offsets."""
        ledger = self.worker.topics[catalog.LEDGER.name]
        return {
            record.offset: record.value or b""
            for number, record in ledger
            if number == partition and record.offset in offsets
        }


@dataclass
class HonestWorker:
    """All partitions of all topics, and a worker's memory. `now_ms` is the time of what is produced next."""

    partitions: int = PARTITIONS
    now_ms: int = START_MS
    marker: int = 1
    """Offsets that a transaction's marker takes."""
    topics: dict[str, list[Located]] = field(default_factory=lambda: defaultdict(list))
    decks: dict[str, bytes] = field(default_factory=lambda: {"acs": SHEET.read_bytes()})
    """The published decks: CSV by id."""
    calendars: bytes = b"calendar,date\n"
    """Those of the decks: CSV."""
    deck_terms: tuple[str, str] = ("UTC", "split")
    """Of the decks: time zone, and what a call does where a band ends."""
    masks: list[dict[str, Any]] = field(default_factory=list)
    """Which tails of numbers published settings hide."""
    freecall_after_days: int = 0
    """Of published settings."""
    corrections: bool | None = None
    """Whether published settings take them; None: as shipped. Where they say nothing, nothing is published."""
    promotional: Sequence[tuple[str, str]] = ()
    """Of published settings, one version each: from when on promotional credit is drawn first or last."""
    plans: PlanCatalog | None = None
    """The published plan catalog, if there is one."""
    plans_later: Sequence[PlanCatalog] = ()
    """Its later versions, published at once."""

    def __post_init__(self) -> None:
        """Publish the decks and wire up the step."""
        self.shards = [Shard.empty(p) for p in range(self.partitions)]
        self.ends: dict[tuple[str, int], int] = defaultdict(int)
        self.taken: dict[TP, int] = defaultdict(int)
        decks = [self._publish(name, sheet) for name, sheet in self.decks.items()]
        self.rules = Rules(DeckBook.of(decks), load_numbers(), self._settings(), self._plans())
        metrics = Metrics(CollectorRegistry())
        transactions = Transactions(self._append)
        self.decider = ChargingDecider(
            lambda partition: self.shards[partition],
            lambda: self.rules,
            (metrics, SuspenseMetrics(metrics.registry), ChargingMetrics(metrics.registry)),
            self.partitions,
            Originals(self),
        )
        self.stepper: Stepper[Any] = Stepper(
            lambda: transactions, self.decider, metrics, Health(metrics)
        )

    @property
    def book(self) -> SettingsBook:
        """Return the settings that the worker knows."""
        return self.rules.settings

    def load_settings(self, since_ms: int, **fields: Any) -> None:
        """Publish a version of the settings now, as the loader does; the worker knows it at once."""
        version = max(each.version for each in self.book.versions) + 1
        said = complete({"version": version, "valid_from": at(since_ms), **fields})
        settings = decode_settings(json.dumps(said).encode())
        assert isinstance(settings, ChargingSettings), settings
        settings = as_published(settings, None, self.now_ms)
        self._append(catalog.CHARGING_SETTINGS.name, 0, [encode_settings(settings)])
        self.rules = self.rules.with_settings(self.book.with_version(settings))

    def load_deck(self, deck_id: str, csv: bytes, version: int, since_ms: int) -> None:
        """Publish a version of a deck now, likewise."""
        deck = self._publish(deck_id, csv, version, at(since_ms))
        self.rules = self.rules.with_book(self.rules.book.with_deck(deck))

    def load_plans(self, record: PlanCatalog) -> None:
        """Publish a version of the plan catalog now, likewise."""
        loaded = Catalog(to_millis(datetime.fromisoformat(record.valid_from)), record)
        self._append(catalog.RATE_PLANS.name, 0, [encode_catalog(loaded)])
        self.rules = self.rules.with_plans(self.rules.plans.with_version(loaded))

    def _publish(
        self, deck_id: str, csv: bytes, version: int = 1, since: str = "2020-01-01T00:00:00Z"
    ) -> Deck:
        sheet = read_sheet(csv)
        terms = ("USD", since, *self.deck_terms)
        heading = read_heading(deck_id, version, terms, read_calendars(self.calendars))
        assert isinstance(sheet, Sheet), sheet
        assert isinstance(heading, Heading), heading
        deck = compile_sheet(heading, sheet)
        assert isinstance(deck, Deck), deck
        self._append(catalog.RATE_DECKS.name, 0, [*pack_deck(heading, sheet)])
        return deck

    def _settings(self) -> SettingsBook:
        book = shipped_book()
        is_said = self.corrections is not None
        if not (self.masks or is_said or self.freecall_after_days or self.promotional):
            return book
        others = {"number_masks": self.masks, "corrections": self.corrections is not False}
        others["freecall_after_days"] = self.freecall_after_days
        turns = [("2020-01-01T00:00:00Z", "first"), *self.promotional]
        for version, (since, drawn) in enumerate(turns, 1):
            said = {"version": version, "valid_from": since, "promotional_credit": drawn, **others}
            settings = decode_settings(json.dumps(complete(said)).encode())
            assert isinstance(settings, ChargingSettings), settings
            self._append(catalog.CHARGING_SETTINGS.name, 0, [encode_settings(settings)])
            book = book.with_version(settings)
        return book

    def _plans(self) -> PlanBook:
        if self.plans is None:
            return PlanBook((), zone_of)
        catalogued = [
            Catalog(to_millis(datetime.fromisoformat(each.valid_from)), each)
            for each in (self.plans, *self.plans_later)
        ]
        self._append(catalog.RATE_PLANS.name, 0, [encode_catalog(each) for each in catalogued])
        return PlanBook(catalogued, zone_of)

    def command(self, tenant: str, kind: str, **fields: Any) -> None:
        """Produce a command."""
        fields = {"type": kind, "tenant_id": tenant} | fields
        topic = TOPIC_OF[kind]
        fields.setdefault("command_id", f"cmd-{self.ends[topic, self.of(tenant)]}-{tenant}")
        self.produce(topic, tenant.encode(), json.dumps(fields).encode())

    def fund(self, tenant: str, lot_id: str, micros: int, **fields: Any) -> None:
        """Produce a lot bought now."""
        self.command(
            tenant,
            "add_funds",
            **{"lot_id": lot_id, "amount_micros": micros, "currency": "USD"}
            | {"purchased_at": at(self.now_ms)}
            | fields,
        )

    def call(self, tenant: str, cdr_id: str, to: str = "+33612345678", **fields: Any) -> None:
        """Produce a CDR of a call that ended a minute ago."""
        seconds = fields.get("billsec", 61)
        ended = fields.pop("ended_ms", self.now_ms - 60_000)
        cdr = {
            "cdr_id": cdr_id,
            "tenant_id": tenant,
            "direction": "out",
            "to": to,
            "started_at": at(ended - seconds * 1_000),
            "ended_at": at(ended),
            "billsec": seconds,
        }
        self.produce(CDRS, tenant.encode(), json.dumps(cdr | fields).encode())

    def produce(
        self, topic: str, key: bytes | None, value: bytes | None, partition: int | None = None
    ) -> None:
        """Append a source record."""
        if partition is None:
            partition = partition_of(key or b"", self.partitions)
        self._append(topic, partition, [(key, value)])

    def produce_unread(self, topic: str, key: bytes, records: int) -> None:
        """Append a batch of Kafka's that nobody can unpack."""
        partition = partition_of(key, self.partitions)
        first = self.ends[topic, partition]
        self.ends[topic, partition] += records
        unread = Record(first, self.now_ms, None, None, first + records - 1)
        self.topics[topic].append((partition, unread))

    def of(self, tenant: str) -> int:
        """Return the partition of a tenant."""
        return partition_of(tenant.encode(), self.partitions)

    def work(self, batch: int = 7) -> None:
        """Take all that is there, commands first, in batches."""
        for topic in SOURCES:
            for partition in range(self.partitions):
                asyncio.run(self._take(TP(topic, partition), batch))

    def pass_time(self, millis: int) -> None:
        """Let time pass; the timers fire at its end."""
        self.now_ms += millis
        for _ in range(2):
            # First lots may be due, then a month.
            self.fire()
            self.work()

    def fire(self) -> None:
        """Let the timers say what is due, by the settings that they know."""
        for shard in self.shards:
            for key, due_ms in shard.accounts.due(self.now_ms):
                account = decode_account(shard.accounts.get(key) or b"")
                self.produce(TIMERS, key, timer_command(account, due_ms))
            self._free_calls(shard)

    def _free_calls(self, shard: Shard) -> None:
        version = self.book.at(self.now_ms).version
        for key, _ in FreecallTimer(shard.suspense, self.book).due(self.now_ms):
            row = read_open(shard.suspense.get(key) or b"")
            command = free_command(row, version, self.now_ms)
            self.produce(TIMERS, key.partition(b"/")[0], command)

    def flush(self) -> None:
        """Pay the statuses that are owed."""
        for partition in range(self.partitions):
            flush = partial(self.decider.flush, partition, self.now_ms)
            asyncio.run(self.stepper.take_due(partition, flush))

    async def _take(self, tp: TP, size: int) -> None:
        first = self.taken[tp]
        records = [
            _taken(tp, record)
            for partition, record in self.topics[tp.topic]
            if partition == tp.partition and record.offset >= first
        ]
        for at in range(0, len(records), size):
            chunk = records[at : at + size]
            next_offset = (last_offset_of(chunk[-1]) or chunk[-1].offset) + 1
            await self.stepper.take(RecordBatch(tp, chunk, self.taken[tp], next_offset))
            self.taken[tp] = next_offset

    def _append(self, topic: str, partition: int, records: Records) -> list[int]:
        offsets = []
        for key, value in records:
            offset = self.ends[topic, partition]
            self.ends[topic, partition] += 1
            self.topics[topic].append((partition, Record(offset, self.now_ms, key, value)))
            offsets.append(offset)
        if offsets and topic not in SOURCES:
            self.ends[topic, partition] += self.marker
        return offsets


def _taken(tp: TP, record: Record) -> Kept | Unread:
    """Return a record as the consumer hands it over."""
    if record.last_offset is None:
        return Kept(record.offset, record.at_ms, record.key, record.value)
    return Unread(
        topic=tp.topic,
        partition=tp.partition,
        offset=record.offset,
        last_offset=record.last_offset,
        timestamp=record.at_ms,
        why="too much",
    )


def at(at_ms: int) -> str:
    """Return an instant as RFC 3339."""
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat().replace("+00:00", "Z")


def busy_day(marker: int = 1) -> HonestWorker:
    """Return a worker after some days with everything in them."""
    worker = HonestWorker(marker=marker)
    for tenant in ("acme", "beta", "gamma", "delta"):
        worker.command(tenant, "open_account", currency="USD", decks=["acs"])
    old = at(START_MS - 364 * DAY_MS)
    worker.fund("acme", "A", 9_000_000, purchased_at=old)
    worker.fund("acme", "B", 5_000_000)
    worker.fund("beta", "L1", 1_100_000)
    worker.fund("gamma", "G1", 300_000)
    settings = [{"threshold_id": n, "amount_micros": m} for n, m in (("low", 5_500_000), ("x", 1))]
    worker.command("acme", "set_thresholds", thresholds=settings)
    worker.command("gamma", "set_thresholds", thresholds=settings[1:])
    worker.command("acme", "adjust", amount_micros=-250_000, currency="USD", reason="too much")
    worker.command("beta", "adjust", amount_micros=75_000, currency="USD", reason="sorry")
    worker.fund("acme", "E", 1_000_000, currency="EUR")
    worker.command("nobody", "close_account")
    worker.produce(COMMANDS, b"acme", b'{"type": "add_funds"')
    worker.work()
    _watched(worker)
    _calls(worker)
    worker.work()
    worker.pass_time(2 * DAY_MS)
    worker.call("acme", "late", ended_ms=START_MS, billsec=60)
    worker.call("acme", "after", billsec=60)
    worker.fund("gamma", "G2", 9_000_000)
    worker.fund("gamma", "G2", 9_000_000, command_id="again")
    worker.work()
    worker.pass_time(3 * DAY_MS)
    worker.call("acme", "tardy", ended_ms=START_MS)
    worker.command("delta", "close_account", reason="moved")
    worker.fund("delta", "pay-1", 4_000_000, recharge_seq=1, payment_command_id="pc-1")
    worker.work()
    _resumed(worker)
    worker.now_ms += 10
    worker.call("beta", "last", billsec=1)
    worker.call("beta", "owed", billsec=1)
    worker.work()
    return worker


def _watched(worker: HonestWorker) -> None:
    """Let a tenant set all that can be set, and pass its limits."""
    name = "watch"
    worker.command(name, "open_account", currency="USD", decks=["acs"])
    worker.fund(name, "W1", 90_000_000, purchased_at=at(START_MS - 358 * DAY_MS))
    worker.fund(name, "W2", 60_000_000, recharge_seq=3, payment_command_id="pc-3")
    worker.fund(name, "W3", 60_000_000, recharge_seq=3)
    worker.fund(name, "W3", 60_000_000, recharge_seq=3, command_id="credit/x")
    who = {"actor": "ann", "actor_role": "billing_admin"}
    trigger = {"trigger_micros": 100_000_000, "trigger_h": 9}
    amount = {"amount_micros": 50_000_000, "count_cap": 3}
    worker.command(name, "set_auto_recharge", enabled=True, **trigger, **amount, **who)
    settings = [
        {"threshold_id": "soon", "hours": 40, "label": "Soon empty"},
        {"threshold_id": "low", "amount_micros": 5},
    ]
    worker.command(name, "set_thresholds", thresholds=settings)
    methods = [{"reference": "pm_1", "customer": "cus_1", "label": "Visa 4242"}]
    worker.command(name, "set_payment_methods", methods=methods, **who)
    worker.command(name, "set_payment_methods", methods=[{"reference": "4242 4242 4242 4242"}])
    hook = "https://example.com/hook"
    worker.command(name, "set_recipients", emails=["a@example.com"], language="fr", webhook=hook)
    limits = {
        "high_rate_micros": 100_000,
        "new_high_rate_destinations_max": 1,
        "cost_per_call_micros": 10**7,
    }
    worker.command(name, "set_spend_limits", spend_per_hour_micros=30_000_000, **limits)
    worker.command(name, "resume_recharge", actor="bob", actor_role="helpdesk")
    worker.work()
    for number, to in enumerate(("+33612345678", "+38267123456", "+447911123456", "+38267123456")):
        worker.now_ms += 600_000
        worker.call(name, f"w{number}", to, billsec=1_000, usage_country="ME")
        worker.call(name, f"i{number}", "+18005551234", billsec=60, direction="in")
        worker.work()
    worker.now_ms += 3_000_000
    worker.call(name, "conference", "+38267123456", billsec=3_000, call_type="conf_out")
    worker.work()


def _resumed(worker: HonestWorker) -> None:
    """Let the tenant whose limits were passed be resumed, and pass one again."""
    worker.command("watch", "resume_recharge", reason="it was us", actor="ann")
    worker.work()
    worker.call("watch", "again", "+38267123456", billsec=1_200)
    worker.command("watch", "set_auto_recharge", enabled=False)
    worker.work()


def _calls(worker: HonestWorker) -> None:
    for number in range(40):
        worker.now_ms += 400
        for tenant in ("acme", "beta", "gamma"):
            worker.call(tenant, f"c{number}", billsec=1 + number)
        if number % 9 == 0:
            worker.call("acme", f"c{number}", billsec=1 + number, ended_ms=worker.now_ms - 60_000)
    worker.call("acme", "c3", billsec=4_000)
    worker.call("acme", "premium", "+449098765432")
    worker.call("acme", "unknown", "+9607000000")
    worker.call("acme", "void", kind="void", version=2)
    worker.call("acme", "idle", disposition="busy", billsec=0)
    worker.call("acme", "help", "112")
    worker.call("acme", "old", ended_ms=START_MS - 30 * DAY_MS)
    worker.call("nobody", "n1")
    worker.call("nobody", "n1")
    worker.produce(CDRS, b"acme", b"{not json")
    worker.produce(CDRS, b"acme", b"\xff\xfe")
    worker.produce(CDRS, None, b"", partition=1)
    worker.produce(CDRS, b"acme", None)
    worker.call("acme", "stray")
    _, stray = worker.topics[CDRS][-1]
    worker.produce(CDRS, b"beta", (stray.value or b"").replace(b"stray", b"stroy"))
    worker.produce(
        COMMANDS, b"gamma", b'{"type":"close_account","command_id":"s","tenant_id":"beta"}'
    )
