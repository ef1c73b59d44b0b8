"""Builders: the things of the house in one line each, with sensible defaults; and a partition to play them on.

Rates of the deck `acs`, per minute: 33 0.02, 336 0.125, 449 denied, 44 0.015, 881 two rows by caller, 1800 (in) 0.022.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from operator import or_
from typing import Any, Literal

import msgspec

from rater.batch.charging.batch import decide
from rater.batch.charging.decision import Decision
from rater.batch.charging.partition_state import Shard
from rater.batch.charging.status_flush import decide_flush, flush_users
from rater.core.account.account import Account, Spending
from rater.core.account.journal import Journal
from rater.core.account.lots import CreditLot
from rater.core.cdr import Cdr, Source
from rater.core.charging_settings import ChargingSettings, Held
from rater.core.pricing.decks import Deck, DeckBook, Heading
from rater.core.pricing.plans.book import NO_BOOK, PlanBook
from rater.core.pricing.rates import Action, Direction, Row
from rater.core.pricing.rules import Rules
from rater.core.pricing.zones import UTC
from rater.core.times import to_text
from rater.wire.account.state import decode_account
from rater.wire.pricing.numbering import load_numbers
from rater.wire.pricing.zones import zone_of
from rater.wire.settings.currencies import shipped_book, shipped_settings
from topics.authority import TOPIC_OF
from topics.catalog import (
    ACCOUNT_COMMANDS,
    ACCOUNT_STATUS,
    BALANCE_EVENTS,
    CDR_RAW,
    DEAD,
    ENTRIES,
    LEDGER,
    SUSPENSE,
    USER_STATUS,
)
from topics.records import Adjusted, Charge, Draw, FundsAdded
from topics.records.charging_settings import CurrencyTerms, NumberMask

read_entry: Callable[[bytes], Any] = msgspec.json.Decoder(reduce(or_, ENTRIES)).decode
UNIT = 1_000_000
"""Micros of one unit of a currency."""
NOW = 1_772_366_400_000
"""2026-03-01T12:00:00Z."""
MINUTE, HOUR, DAY, YEAR = 60_000, 3_600_000, 86_400_000, 365 * 86_400_000
FAR = 2**62

ROWS = (
    Row(2, "33", 20_000_000),
    Row(3, "336", 125_000_000),
    Row(4, "44", 15_000_000),
    Row(5, "449", 0, action=Action.DENY),
    Row(6, "881", 90_000_000, origin_prefix="33"),
    Row(7, "1800", 22_000_000, direction=Direction.IN),
    Row(8, "39", 10_000_000, start_s=8 * 3_600, end_s=18 * 3_600),
    Row(9, "5999", 10**18),
    Row(10, "7800", 0, action=Action.FREE),
)


def deck(*rows: Row, deck_id: str = "acs", currency: str = "USD", valid_from_ms: int = 0) -> Deck:
    made = Deck.of(Heading(deck_id, 1, currency, valid_from_ms, UTC), rows or ROWS)
    assert isinstance(made, Deck), made
    return made


SETTINGS = shipped_settings()
PLANS = PlanBook(zone_of=zone_of)
RULES = Rules(DeckBook.of([deck()]), load_numbers(), shipped_book(), PLANS)


def settings_version(
    version: int = 1,
    valid_from_ms: int = 0,
    window_days: int = 7,
    *,
    corrections: bool = True,
    freecall_after_days: int = 0,
    promotional_credit: Literal["first", "last"] = "first",
    canary_tenants: tuple[str, ...] = (),
    payments_held: bool = False,
    payments_held_of: tuple[str, ...] = (),
    charging_held: bool = False,
    known_from_ms: int = 0,
    number_masks: tuple[NumberMask, ...] = (),
    **terms: CurrencyTerms,
) -> ChargingSettings:
    """Make a version of the settings, of so many currencies and otherwise as shipped."""
    rest = (SETTINGS.duration_tolerance_s, SETTINGS.duration_tolerance_percent)
    fields = (version, valid_from_ms, {**SETTINGS.currencies, **terms}, window_days)
    return ChargingSettings(
        *fields,
        *rest,
        SETTINGS.cdr_max_bytes,
        number_masks,
        corrections,
        freecall_after_days,
        promotional_credit,
        canary_tenants,
        Held(payments_held, payments_held_of),
        Held(charging_held),
        known_from_ms,
    )


def correcting() -> Rules:
    """Return the rules, with corrections taken from the beginning."""
    book = RULES.settings.with_version(settings_version(corrections=True))
    return RULES.with_settings(book)


def lot(
    lot_id: str = "L1", remaining: int = UNIT, expires_ms: int = NOW + YEAR, **other: Any
) -> CreditLot:
    """Make a lot that nobody need be warned of any more, unless `due_ms` says otherwise."""
    due_ms = other.get("due_ms", expires_ms)
    return CreditLot(
        lot_id, expires_ms - YEAR, expires_ms, remaining, due_ms, other.get("category")
    )


def account(*lots: CreditLot, **other: Any) -> Account:
    fields = {"time_zone": "UTC", "decks": ("acs",), "debt": 0, **other}
    watched = {name: fields.pop(name) for name in Spending.__match_args__ if name in fields}
    fields.setdefault("spending", Spending(**watched))
    fields["spending"].limit = fields.pop("limit", FAR)
    balance = sum(each.remaining for each in lots) - fields["debt"]
    due = min((each.due_ms for each in lots), default=FAR)
    defaults = {"balance": balance, "lots": list(lots), "due_ms": due}
    fields.setdefault("currency", "USD")
    return Account(tenant_id="acme", **{**defaults, **fields})


def draw(
    lot_id: str, micros: int, *, grace: bool = False, empties: CreditLot | None = None
) -> Draw:
    """Return what is drawn on a lot; of one that it empties it says the times."""
    if empties is None:
        return Draw("lot", lot_id, micros, None, grace)
    times = (empties.purchased_ms, empties.expires_ms)
    return Draw("lot", lot_id, micros, None, grace, *times, empties.category)


def shortfall_of(entry: Charge | Adjusted) -> int:
    """Return what no lot covers of an entry."""
    return sum(each.amount_micros or 0 for each in entry.draws if each.source == "shortfall")


def source(at_ms: int = NOW, offset: int = 7, topic: str = CDR_RAW.name) -> Source:
    return Source(topic, 0, offset, at_ms)


def cdr(**changes: Any) -> Cdr:
    seconds = changes.get("billsec", 60)
    ended = changes.pop("ended_ms", NOW)
    return Cdr(
        **{
            "tenant_id": "acme",
            "cdr_id": "c1",
            "version": 1,
            "kind": "final",
            "direction": "out",
            "to": "+33612345678",
            "from_": None,
            "call_type": None,
            "service_number_type": None,
            "usage_country": None,
            "disposition": "answered",
            "answered_ms": ended - seconds * 1_000,
            "ended_ms": ended,
            "billsec": 60,
            "is_answer_named": True,
            "started_ms": ended - seconds * 1_000,
            "user_id": None,
            "organizer_id": None,
            **changes,
        }
    )


def cdr_fields(**changes: Any) -> dict[str, Any]:
    ended = changes.pop("ended_ms", NOW)
    seconds = changes.get("billsec", 60)
    start = to_text(ended - (seconds if isinstance(seconds, int) else 0) * 1_000)
    return {
        "cdr_id": "c1",
        "tenant_id": "acme",
        "direction": "out",
        "to": "+33612345678",
        "started_at": start,
        "ended_at": to_text(ended),
        "billsec": 60,
        **changes,
    }


def cdr_bytes(**changes: Any) -> bytes:
    return json.dumps(cdr_fields(**changes)).encode()


def opening(tenant_id: str = "acme", **changes: Any) -> dict[str, Any]:
    terms = {"currency": "USD", "decks": ["acs"], "command_id": f"open-{tenant_id}"}
    return {"type": "open_account", "tenant_id": tenant_id, **terms, **changes}


def funds(lot_id: str = "L1", amount: int = UNIT, **changes: Any) -> dict[str, Any]:
    return {
        "type": "add_funds",
        "command_id": f"fund-{lot_id}",
        "tenant_id": "acme",
        "lot_id": lot_id,
        "amount_micros": amount,
        "currency": "USD",
        "purchased_at": to_text(changes.pop("bought_ms", NOW)),
        **changes,
    }


def order(kind: str, command_id: str = "x1", **fields: Any) -> dict[str, Any]:
    return {"type": kind, "command_id": command_id, "tenant_id": "acme", **fields}


@dataclass
class Stored:
    """A record as a batch gets it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True)
class Sent:
    """A record as somebody sends it."""

    topic: str
    key: bytes | None
    value: bytes | None
    at_ms: int = NOW


def call(at_ms: int = NOW, **changes: Any) -> Sent:
    fields = cdr_fields(**{"ended_ms": at_ms, **changes})
    return Sent(CDR_RAW.name, fields["tenant_id"].encode(), json.dumps(fields).encode(), at_ms)


def command(fields: dict[str, Any], at_ms: int = NOW) -> Sent:
    key = fields["tenant_id"].encode()
    topic = TOPIC_OF.get(fields.get("type", ""), ACCOUNT_COMMANDS.name)
    return Sent(topic, key, json.dumps(fields).encode(), at_ms)


class Partition:
    """The only partition of a worker in memory: takes records in batches, keeps all that comes of them."""

    def __init__(self, rules: Rules = RULES, window_days: int = 7) -> None:
        self.rules = rules
        self.shard = Shard.empty(0, window_days)
        self.ledger: list[bytes] = []
        self.events: list[bytes] = []
        self.statuses: list[bytes] = []
        self.user_statuses: list[bytes] = []
        self.suspense: list[bytes] = []
        self.dead: list[bytes] = []
        self.outcomes: Counter[str] = Counter()
        self.log: list[tuple[str, Stored]] = []
        self.lots_changelog: dict[bytes, bytes | None] = {}
        self.users_changelog: dict[bytes, bytes | None] = {}
        self.suspense_changelog: dict[bytes, bytes | None] = {}
        self.lot_expiries: dict[str, int] = {}
        self.last = Decision("none", 0, 0, NO_BOOK)
        self.last_entries: list[Any] = []
        self.last_keys: list[bytes | None] = []
        self._ends: Counter[str] = Counter()

    def take(self, *sent: Sent) -> "Partition":
        """Take records, those of one topic that follow one another as one batch."""
        for topic, run in groupby(sent, lambda record: record.topic):
            self._take(topic, list(run))
        return self

    def _take(self, topic: str, sent: list[Sent]) -> None:
        records = [
            Stored(self._ends[topic] + n, record.at_ms, record.key, record.value)
            for n, record in enumerate(sent)
        ]
        self._ends[topic] += len(records)
        self.log += [(topic, record) for record in records]
        self.redeliver(topic, records)

    def take_each(self, history: Sequence[Sent]) -> "Partition":
        """Take records one by one."""
        for record in history:
            self.take(record)
        return self

    def redeliver(self, topic: str, records: Sequence[Stored]) -> "Partition":
        """Take records with the offsets that they have."""
        is_asked = self.rules.settings.corrects
        ledger = dict(enumerate(self.ledger)) if is_asked else None
        self._commit(decide(self.shard, topic, records, self.rules, 1, ledger))
        return self

    def flush(self, at_ms: int) -> "Partition":
        """Publish the statuses that are owed."""
        decision = decide_flush(self.shard, self.shard.accounts.dirty(), at_ms, self.rules.plans)
        flush_users(decision, self.shard, self.shard.users.owed(), self.rules, at_ms)
        self._commit(decision)
        return self

    def account(self, tenant_id: str = "acme") -> Account:
        value = self.shard.accounts.get(tenant_id.encode())
        assert value is not None, f"{tenant_id} has no account"
        return decode_account(value)

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(entry) for entry in self.ledger]

    def outputs(self) -> tuple[list[bytes], ...]:
        told = (self.events, self.statuses, self.user_statuses)
        return (self.ledger, *told, self.suspense, self.dead)

    def _commit(self, decision: Decision) -> None:
        self.last = decision
        first = {LEDGER.name: len(self.ledger), SUSPENSE.name: len(self.suspense)}
        outputs = decision.outputs()
        self.last_keys = [key for _, records in outputs for key, _ in records]
        written = {topic: [value or b"" for _, value in each] for topic, each in outputs}
        self.ledger += written[LEDGER.name]
        self.last_entries = [read_entry(value) for value in written[LEDGER.name]]
        self.events += written[BALANCE_EVENTS.name]
        self.statuses += written[ACCOUNT_STATUS.name]
        self.user_statuses += written[USER_STATUS.name]
        self.suspense += written[SUSPENSE.name]
        self.dead += written[DEAD.name]
        self.outcomes += decision.outcomes
        decision.place({topic: range(at, at + len(written[topic])) for topic, at in first.items()})
        self.lots_changelog |= decision.lot_ids
        self.users_changelog |= decision.user_rows()
        self.suspense_changelog |= decision.open_suspense
        for entry in self.last_entries:
            if isinstance(entry, FundsAdded):
                self.lot_expiries[entry.lot.lot_id] = entry.lot.expires_ms
        assert not any(decision.conservation.differences().values())
        assert decision.records == sum(decision.outcomes.values())
        self.shard.apply(decision)


def opened(*lots: tuple[str, int], rules: Rules = RULES) -> Partition:
    """Return a partition with acme's account and lots of so much money, bought an hour ago."""
    partition = Partition(rules)
    partition.take(command(opening(), NOW - HOUR))
    for lot_id, amount in lots:
        partition.take(command(funds(lot_id, amount, bought_ms=NOW - HOUR), NOW - HOUR))
    return partition


def journal() -> Journal:
    return Journal()
