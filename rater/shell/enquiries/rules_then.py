"""Rules then: decks, plans and settings as a worker knew them when it wrote an entry, read from their topics.

Of decks only the versions are compiled that priced the call: one of 200,000 rows takes a second.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from rater.core.charging_settings import ChargingSettings, SettingsBook
from rater.core.pricing.decks import Deck, DeckBook, Retirement
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.plans.catalog import Catalog
from rater.core.pricing.rules import Rules
from rater.shell.admin.log import Log, Record
from rater.views.explanation.known_then import Stamped, known_then, settings_then
from rater.wire.moments import read_moment
from rater.wire.plans.plan_records import plan_reader
from rater.wire.pricing.decks import DeckAssembler
from rater.wire.pricing.numbering import load_numbers
from rater.wire.pricing.zones import zone_of
from rater.wire.settings.charging_settings import settings_reader
from rater.wire.settings.currencies import shipped_settings
from rater.wire.versions import BadVersion, VersionReader
from topics.catalog import CHARGING_SETTINGS, RATE_DECKS, RATE_PLANS, Topic
from topics.records import DeckManifest, DeckRetirement

V = TypeVar("V", ChargingSettings, Catalog)
SHARED = tuple((topic.name, 0) for topic in (RATE_DECKS, RATE_PLANS, CHARGING_SETTINGS))
"""The topics that are read, each with its one partition."""
_NAME = re.compile(rb"([A-Za-z0-9._-]{1,64})/([0-9]{1,10})/(.*)")


class _DeckVersion(NamedTuple):
    """One version of a deck as its manifest or retirement says it, with its records."""

    deck_id: str
    version: int
    valid_from_ms: int
    records: Sequence[Record]


class Then:
    """What is published, with when."""

    def __init__(
        self,
        decks: Sequence[Stamped[_DeckVersion]],
        plans: Sequence[Stamped[Catalog]],
        settings: Sequence[Stamped[ChargingSettings]],
    ) -> None:
        self._decks = decks
        self._plans = plans
        self._settings = settings
        self._numbering = load_numbers()
        self._made: dict[tuple[str, int], Deck | Retirement | None] = {}

    def without_decks(self, written_ms: int, entry: Any = None) -> Rules:
        """Return the rules that an entry was written by, decks left out: what a fold needs."""
        plans = known_then(self._plans, written_ms, getattr(entry, "plan_version", None))
        named = getattr(entry, "settings_version", None)
        settings = settings_then(self._settings, written_ms, named)
        return Rules(
            DeckBook(),
            self._numbering,
            SettingsBook(shipped_settings(), settings),
            PlanBook(plans, zone_of),
        )

    def with_decks(
        self, rules: Rules, deck_ids: Iterable[str], answered_ms: int, written_ms: int, entry: Any
    ) -> Rules:
        """Return rules with those versions of some decks that decide about a call of an instant."""
        found: list[Deck | Retirement] = []
        for deck_id in deck_ids:
            of_deck = [each for each in self._decks if each.version.deck_id == deck_id]
            is_named = getattr(entry, "deck_id", None) == deck_id
            named = getattr(entry, "deck_version", None) if is_named else None
            known = known_then(of_deck, written_ms, named)
            begun = [each for each in known if each.valid_from_ms <= answered_ms]
            if begun:
                last = max(begun, key=lambda each: (each.valid_from_ms, each.version))
                made = self._compiled(last)
                found += [] if made is None else [made]
        return rules.with_book(DeckBook.of(found))

    def _compiled(self, version: _DeckVersion) -> Deck | Retirement | None:
        name = version.deck_id, version.version
        if name not in self._made:
            self._made[name] = None
            assembler = DeckAssembler()
            for record in version.records:
                made = assembler.feed(record.key, record.value)
                if isinstance(made, (Deck, Retirement)):
                    self._made[name] = made
        return self._made[name]


async def read_then(log: Log) -> Then:
    """Read all that is published."""
    return Then(
        _decks(await _whole(log, RATE_DECKS)),
        _numbered(await _whole(log, RATE_PLANS), plan_reader()),
        _numbered(await _whole(log, CHARGING_SETTINGS), settings_reader()),
    )


async def _whole(log: Log, topic: Topic) -> list[Record]:
    _, end = await log.bounds(topic.name, 0)
    return await log.between(topic.name, 0, 0, end)


def _numbered(records: Iterable[Record], reader: VersionReader[V]) -> list[Stamped[V]]:
    found: list[Stamped[V]] = []
    for record in records:
        made = reader.feed(record.key, record.value)
        if made is not None and not isinstance(made, BadVersion):
            found.append(Stamped(record.timestamp, made))
    return found


def _decks(records: Iterable[Record]) -> list[Stamped[_DeckVersion]]:
    """Return the versions of decks that have a manifest or are retirements."""
    parts: dict[tuple[str, int], list[Record]] = {}
    for record in records:
        match = _NAME.match(record.key or b"")
        if match is not None and record.value is not None:
            parts.setdefault((match[1].decode(), int(match[2])), []).append(record)
    found: list[Stamped[_DeckVersion]] = []
    for name, those in parts.items():
        since_ms = next((at for each in those if (at := _valid_from(each)) is not None), None)
        if since_ms is not None:
            version = _DeckVersion(*name, since_ms, those)
            found.append(Stamped(max(each.timestamp for each in those), version))
    return found


def _valid_from(record: Record) -> int | None:
    """Return from when on a version holds, by its manifest or retirement; None of a chunk."""
    part = record.key.rpartition(b"/")[2]
    try:
        if part == b"manifest":
            return read_moment(msgspec.json.decode(record.value, type=DeckManifest).valid_from)
        if part == b"retirement":
            return read_moment(msgspec.json.decode(record.value, type=DeckRetirement).retired_from)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return None
