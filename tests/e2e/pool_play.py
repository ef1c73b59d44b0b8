"""Pool play: plans pay calls of two months, terms change between acts, calls are corrected: always alike.

Licences, users and what they may do, what becomes of unlicensed calls, and how tenants pay; and credit is given.
The acts lie in the first days of a month, their calls begin up to four days before: the month turns in every act, at
another instant for each time zone. Every record has a time of its own; a change of licences is obeyed before the next
act, for Kafka gives two topics no common order.
Nothing falls due before the month is over: a timer would tell it by the clock, at any moment of a run.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from loadtest import stage
from loadtest.rater_command import run
from rater.batch.simulate import Simulator
from rater.core.charging_settings import ChargingSettings
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.plans.catalog import Catalog
from rater.core.pricing.rules import Rules
from rater.wire.plans.plan_file import read_plan_file
from rater.wire.plans.plan_records import decode_catalog
from rater.wire.pricing.deck_files import read_deck_file
from rater.wire.pricing.numbering import load_numbers
from rater.wire.pricing.zones import zone_of
from rater.wire.settings.charging_settings import decode_settings
from rater.wire.settings.currencies import shipped_book
from rater.wire.settings.settings_file import complete
from tests.e2e.broker import admin, produce
from tests.e2e.charging_books import Books
from tests.e2e.charging_fleet import ROOT
from tests.e2e.simulated_books import note_lines, note_tables
from topics.catalog import ACCOUNT_COMMANDS, CDR_RAW, LEDGER, PARTITIONS, SUSPENSE
from topics.partitioner import partition_of

if TYPE_CHECKING:
    from tests.e2e.charging_fleet import Fleet

Sent = tuple[bytes, bytes]
DAY_S = 86_400
MONTH_OLD_S = 2 * DAY_S
"""So old is the month when the acts begin; younger where it is younger itself."""
SINCE = "2024-01-01T00:00:00Z"
DECK = ROOT / "tests" / "scenarios" / "acs.csv"
PLANS = ROOT / "rater" / "data" / "sample_plans.toml"
SETTINGS = {"version": 1, "valid_from": SINCE, "corrections": True}
ZONES = ("UTC", "Asia/Tokyo", "America/Los_Angeles", "Europe/Paris")
HELD = (
    *(("MCOPSTN5", "US"), ("MCOPSTN5", "PR"), ("MCOPSTN5", "FR"), ("MCOMEETADV", "US")),
    ("MCOPSTN8", "US"),
)
USERS = ("ann", "bob")
NUMBERS = ("+12065550100", "+33142685300", "+33612345678", "+442079460034")
TENANTS = 24
UNLICENSED = ("charge", "suspend", "waive")
LITTLE_MICROS, MUCH_MICROS = 1_000, 500_000_000
"""What the lots of a tenant have that pays later, sooner or later, and of others."""
GIFT_DAYS = 70
"""More than the 30 days before its end on which the timer warns, and the days since the beginning of the month."""


@dataclass(frozen=True)
class PoolPlay:
    """Commands that open accounts, acts of CDRs, and before each act what is changed."""

    start_s: int
    opening: list[Sent]
    acts: list[list[Sent]]
    changes: list[list[Sent]]

    @classmethod
    def of(cls, cdrs: int, acts: int, seed: int = 1, now: datetime | None = None) -> PoolPlay:
        """Make one whose acts lie in the first days of this month."""
        now = now or datetime.now(UTC)
        first = int(now.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp())
        start_s = first + min(MONTH_OLD_S, max(1, int(now.timestamp()) - first))
        chance = Random(f"pools {seed}")
        calls = _Calls(chance, first, start_s)
        size = cdrs // acts
        return cls(
            start_s,
            [each for number in range(TENANTS) for each in _opening(number, start_s, now)],
            [[calls.record() for _ in range(size)] for _ in range(acts)],
            [[], *(list(_changes(chance, start_s, act)) for act in range(1, acts))],
        )

    def time_ms(self, act: int) -> int:
        """Return the time of an act's records; that of the opening is act 0's."""
        return (self.start_s + act) * 1_000

    async def set_up(self, fleet: Fleet) -> None:
        """Make the topics, load deck, settings and plans, and open the accounts."""
        await asyncio.to_thread(self._load, fleet)
        # The acts may be older than CDRs are kept.
        for topic in (CDR_RAW.name, ACCOUNT_COMMANDS.name):
            await _keep(fleet.bootstrap, topic)

    def _load(self, fleet: Fleet) -> None:
        stage.create_topics(fleet.bootstrap)
        settings = fleet.folder / "settings.json"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(json.dumps(SETTINGS))
        broker = ("--backdate", "--broker", fleet.bootstrap)
        since = ("--version", "1", "--valid-from", SINCE, *broker)
        run("deck", "load", str(DECK), "--deck-id", "acs", "--currency", "USD", *since)
        run("plan", "load", str(PLANS), *since)
        run("config", "load", str(settings), *broker)

    async def open(self, fleet: Fleet) -> None:
        """Open the accounts, and wait until that is obeyed."""
        await produce(
            fleet.bootstrap, ACCOUNT_COMMANDS.name, self.opening, timestamp_ms=self.time_ms(0)
        )
        await fleet.obeyed(ACCOUNT_COMMANDS.name)

    async def change(self, fleet: Fleet, act: int) -> None:
        """Publish what is changed before an act; not before all that came earlier is obeyed."""
        await produce(
            fleet.bootstrap,
            ACCOUNT_COMMANDS.name,
            self.changes[act],
            timestamp_ms=self.time_ms(act + 1),
        )

    async def publish(self, fleet: Fleet, act: int, half: int) -> None:
        """Publish the first half of an act, or the second."""
        middle = len(self.acts[act]) // 2
        records = self.acts[act][middle:] if half else self.acts[act][:middle]
        await produce(fleet.bootstrap, CDR_RAW.name, records, timestamp_ms=self.time_ms(act + 1))


class _Calls:
    """Makes CDRs: most are new, some come again, some are corrected or voided."""

    def __init__(self, chance: Random, first_s: int, start_s: int) -> None:
        self.chance = chance
        self.first_s = first_s
        self.start_s = start_s
        self.serial = 0
        self.sent: list[dict[str, Any]] = []

    def record(self) -> Sent:
        """Return the next one."""
        chance = self.chance
        drawn = chance.random()
        if len(self.sent) < 50 or drawn > 0.15:
            said = self._new()
            self.sent.append(said)
        else:
            said = chance.choice(self.sent[-300:])
            if drawn < 0.10:
                said |= {"kind": "void" if drawn < 0.02 else "correction"}
                said |= {"version": said["version"] + 1, **self._talk()}
        return said["tenant_id"].encode(), json.dumps(said).encode()

    def _new(self) -> dict[str, Any]:
        chance = self.chance
        self.serial += 1
        said = {
            "cdr_id": f"c{self.serial}",
            "version": 1,
            "tenant_id": f"pool-{chance.randrange(TENANTS):02}",
            "direction": "out",
            "to": chance.choice(NUMBERS),
            "call_type": chance.choice(("user_out", "user_out", "conf_out")),
            "usage_country": chance.choice(("US", "US", "PR", "FR")),
        }
        who = chance.choice((None, None, *USERS))
        return said | self._talk() | ({} if who is None else {"user_id": who})

    def _talk(self) -> dict[str, Any]:
        """Return when a call was and how long."""
        seconds = self.chance.choice((0, 1, 60, 61, 600, 900, 1_500))
        before_s = self.chance.randrange(2 * MONTH_OLD_S)
        # Half of them in each month, however new it is.
        if before_s < MONTH_OLD_S:
            ended_s = self.start_s - before_s * (self.start_s - self.first_s) // MONTH_OLD_S
        else:
            ended_s = self.first_s - (before_s - MONTH_OLD_S)
        return {
            "started_at": _text(ended_s - seconds),
            "ended_at": _text(ended_s),
            "billsec": seconds,
        }


def _zone(number: int, start_s: int, now: datetime) -> str:
    """Return the time zone of an account; UTC where its month has turned by now, or has not begun.

    Workers tell what is owed in the end by their own clock: in a new month nothing has been spent.
    """
    zone = ZONES[number % len(ZONES)]
    is_now = now.astimezone(ZoneInfo(zone)).month == datetime.fromtimestamp(start_s, UTC).month
    return zone if is_now else "UTC"


def _opening(number: int, start_s: int, now: datetime) -> list[Sent]:
    tenant = f"pool-{number:02}"
    pays_later = number % 3 == 1
    micros = LITTLE_MICROS if pays_later or number % 4 == 3 else MUCH_MICROS
    lot = {"lot_id": "L1", "amount_micros": micros, "currency": "USD"}
    mode = {"valid_from": _text(start_s - 40 * DAY_S), **_pays_later(number, number * 4_000)}
    return [
        _said(
            tenant,
            "open_account",
            "o",
            currency="USD",
            decks=["acs"],
            time_zone=_zone(number, start_s, now),
        ),
        _said(tenant, "add_funds", "f", **lot, purchased_at=_text(start_s)),
        _said(
            tenant,
            "set_entitlements",
            "e",
            valid_from=_text(start_s - 40 * DAY_S),
            entitlements=[_licences(*plan, 1) for plan in HELD],
        ),
        *(_user(tenant, each, f"{each}-0", start_s - 40 * DAY_S) for each in USERS),
        _said(tenant, "set_unlicensed_calls", "w", calls=UNLICENSED[number % len(UNLICENSED)]),
        *([_gift(tenant, "G0", 1_500_000, start_s)] if number % 3 else []),
        *([_said(tenant, "set_billing_mode", "m", **mode)] if pays_later else []),
    ]


def _pays_later(number: int, limit_micros: int) -> dict[str, Any]:
    """Return that a tenant pays later, with a limit where its month ends with that of UTC or after it."""
    is_limited = limit_micros and ZONES[number % len(ZONES)] in {"UTC", "America/Los_Angeles"}
    return {"mode": "post_paid", **({"credit_limit_micros": limit_micros} if is_limited else {})}


def _gift(tenant: str, lot_id: str, micros: int, start_s: int) -> Sent:
    lot = {"lot_id": lot_id, "amount_micros": micros, "currency": "USD", "category": "promotional"}
    times = {"purchased_at": _text(start_s), "expires_at": _text(start_s + GIFT_DAYS * DAY_S)}
    return _said(tenant, "add_funds", lot_id, **lot, **times)


def _changes(chance: Random, start_s: int, act: int) -> list[Sent]:
    """Return changes of terms, of licences now, ahead, and dated back into this month and the last; and gifts."""
    made = []
    for number in chance.sample(range(TENANTS), TENANTS // 2):
        rows = [_licences(*plan, chance.randint(0, 3)) for plan in chance.sample(HELD, 2)]
        days = chance.choice((None, -3, -1, 0, 1))
        since = {} if days is None else {"valid_from": _text(start_s + days * DAY_S)}
        fields = {"entitlements": rows, **since}
        tenant = f"pool-{number:02}"
        made.append(_said(tenant, "set_entitlements", f"e{act}", **fields))
        country = chance.choice(("US", "FR"))
        licence = chance.random() < 0.6
        made.append(
            _user(
                tenant, chance.choice(USERS), f"u{act}", start_s - DAY_S, country, licence=licence
            )
        )
        if chance.random() < 0.3:
            calls = chance.choice(UNLICENSED)
            made.append(_said(tenant, "set_unlicensed_calls", f"w{act}", calls=calls))
        if chance.random() < 0.6:
            made.append(_billing(chance, number, start_s, act))
        if chance.random() < 0.3:
            made.append(_gift(tenant, f"G{act}", chance.randint(1, 4_000_000), start_s))
    return made


def _billing(chance: Random, number: int, start_s: int, act: int) -> Sent:
    """Return how a tenant pays: now, or dated back into this month and the last; never ahead, which would fall due."""
    days = chance.choice((None, -3, -2, -1))
    since = {} if days is None else {"valid_from": _text(start_s + days * DAY_S)}
    later = _pays_later(number, chance.choice((0, 100_000, 2_000_000)))
    mode = later if chance.random() < 0.5 else {"mode": "prepaid"}
    return _said(f"pool-{number:02}", "set_billing_mode", f"m{act}", **mode, **since)


def _user(
    tenant: str,
    user_id: str,
    command_id: str,
    since_s: int,
    country: str = "US",
    *,
    licence: bool = True,
) -> Sent:
    """Return what a user holds from an instant on, and what it may do."""
    plans = ["MCOPSTN8", "MCOMEETADV", "MCOPSTN5"] if user_id == "ann" else ["MCOPSTN8"]
    terms = {"usage_country": country, "plan_ids": plans}
    money: dict[str, Any] = {
        "credits_licence": licence,
        "monthly_spend_limit_micros": 5_000_000,
    }
    if not licence:
        money |= {"outbound_calls": "domestic", "conference_dial_out": "none"}
    fields = {"user_id": user_id, **terms, **money, "valid_from": _text(since_s)}
    return _said(tenant, "set_user", command_id, **fields)


def _licences(plan_id: str, usage_country: str, number: int) -> dict[str, Any]:
    return {"plan_id": plan_id, "usage_country": usage_country, "licences": number}


def _said(tenant: str, kind: str, command_id: str, **fields: Any) -> Sent:
    head = {"type": kind, "tenant_id": tenant, "command_id": f"{tenant}-{command_id}"}
    return tenant.encode(), json.dumps(head | fields).encode()


def _text(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _keep(bootstrap: str, topic: str) -> None:
    """Have a topic keep all that it has, however old."""
    kept = {"retention.ms": "-1"}
    async with admin(bootstrap) as client:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, configs=kept)
        (response,) = await client.alter_configs([resource])
    assert response.resources[0][0] == 0, response


def simulated(play: PoolPlay) -> Books:
    """Perform a play in the simulator: the same core, one record at a time, no Kafka at all."""
    deck = read_deck_file(DECK, deck_id="acs", currency="USD")
    # As `config load` says of settings that are dated back: the play's times are over when they are published.
    known = {"known_from": _text(play.start_s + 30 * DAY_S)}
    settings = decode_settings(json.dumps({**complete(SETTINGS), **known}).encode())
    assert isinstance(settings, ChargingSettings), settings
    read = {"version": 1, "valid_from": SINCE, **read_plan_file(PLANS.read_bytes())}
    plans = decode_catalog(json.dumps(read).encode())
    assert isinstance(plans, Catalog), plans
    book = shipped_book().with_version(settings)
    rules = Rules(DeckBook.of([deck]), load_numbers(), book, PlanBook([plans], zone_of))
    simulator, books = Simulator(rules), Books()
    fed = [(ACCOUNT_COMMANDS.name, 0, each) for each in play.opening]
    for act, records in enumerate(play.acts):
        fed += [(ACCOUNT_COMMANDS.name, act + 1, each) for each in play.changes[act]]
        fed += [(CDR_RAW.name, act + 1, each) for each in records]
    for topic, act, (key, value) in fed:
        partition = partition_of(key, PARTITIONS)
        note_lines(books, simulator.feed(topic, key, value, play.time_ms(act), partition))
    # Statuses that are owed.
    note_lines(books, simulator.run_until(play.time_ms(len(play.acts) + 2)))
    note_tables(books, simulator)
    books.outcomes = _outcomes(play, books)
    return books


def _outcomes(play: PoolPlay, books: Books) -> Counter[str]:
    """Count what became of the CDRs, by the ledger; what is not on it came again."""
    entries = [
        json.loads(value or b"")
        for (topic, _), lines in books.logs.items()
        if topic == LEDGER.name
        for _, value in lines
    ]
    found = Counter(each["outcome"] for each in entries if each["kind"] == "charge")
    voids = [each for each in entries if each["kind"] == "charge_reversed" and each["by"] == "void"]
    found["voided"] = len(voids)
    for (topic, _), lines in books.logs.items():
        for _, value in lines if topic == SUSPENSE.name else ():
            found[f"suspended.{json.loads(value or b'')['reason']}"] += 1
    found["duplicate"] = sum(map(len, play.acts)) - found.total()
    return found
