"""Deck versions: the whole versions of rate decks, checked against their digests (D7).

The digest is the SHA-256 of the columns, then each row, as compact JSON arrays in UTF-8, a line feed after each.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import msgspec

from rater.reconcile.difference import Complaint, Difference, difference
from rater.reconcile.folds.deck_prices import Price, read_price
from rater.reconcile.folds.deck_slots import Slots, read_slots
from rater.reconcile.reading.log import Record
from rater.reconcile.reading.schemas import decoder_of_record
from rater.reconcile.reading.sources import millis
from topics import catalog
from topics import records as r

PROOF = "decks"
TOPIC = catalog.RATE_DECKS.name

Name = tuple[str, int]
"""Deck id and version."""

_KEY = re.compile(r"([^/]+)/([1-9][0-9]*)/(?:manifest|(retirement)|chunk-([0-9]+))", re.ASCII)
_MANIFEST = 0
"""The part number of a manifest; chunks count from 1."""
_RETIREMENT = -1
_read_manifest = decoder_of_record(r.DeckManifest)
_read_chunk = decoder_of_record(r.DeckChunk)
_read_retirement = decoder_of_record(r.DeckRetirement)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class DeckVersion:
    """What a charge must agree with; destinations by (direction, prefix)."""

    currency: str
    valid_from_ms: int
    destinations: dict[tuple[str, str], set[str]]
    prices: dict[tuple[str, str], list[Price]]
    """What the rows of a prefix ask, but for those that deny."""
    called: dict[tuple[str, str], set[tuple[str, str]]]
    """Country and type of the numbers of a prefix, as those rows say them; empty where they say nothing."""
    slots: dict[tuple[str, str], Slots]
    """When those rows hold, of prefixes with several."""


class Retired(NamedTuple):
    """From an instant on a deck prices nothing; `told_ms` is when that was published."""

    valid_from_ms: int
    version: int
    told_ms: int


@dataclass(slots=True)
class DeckVersions:
    """All whole versions, and what is wrong with the others."""

    versions: dict[Name, DeckVersion] = field(default_factory=dict)
    retired: dict[str, list[Retired]] = field(default_factory=dict)
    currencies: dict[str, str] = field(default_factory=dict)
    """By deck id that of the version that was whole first."""
    faults: list[Difference] = field(default_factory=list)

    def retired_between(self, name: Name, at_ms: int) -> Retired | None:
        """Return what retired a deck after a version took force and was still in force at an instant."""
        deck_id, version = name
        since = self.versions[name].valid_from_ms, version
        known = self.retired.get(deck_id, [])
        return next((one for one in known if since < one[:2] and one.valid_from_ms <= at_ms), None)


_Parts = dict[int, Record]


def read_decks(records: Iterable[tuple[int, Record]]) -> DeckVersions:
    """Put the versions together; a version whose manifest is not there yet is passed over."""
    shelf = DeckVersions()
    found: dict[Name, _Parts] = {}
    for _, record in records:
        match = _KEY.fullmatch((record.key or b"").decode(errors="replace"))
        if match is None:
            wrong = Complaint("key", "deck_id/version/part", record.key)
            shelf.faults.append(difference(PROOF, (TOPIC, 0, record.offset), record.key, wrong))
            continue
        parts = found.setdefault((match[1], int(match[2])), {})
        part = _RETIREMENT if match[3] else int(match[4] or _MANIFEST)
        if part in parts and parts[part].value != record.value:
            wrong = Complaint("value", "the same again: a version is immutable", record.value)
            shelf.faults.append(difference(PROOF, (TOPIC, 0, record.offset), record.key, wrong))
        else:
            parts.setdefault(part, record)
    # In the order in which they became whole: the first says the currency of its deck.
    for name, parts in sorted(found.items(), key=lambda item: _offset_of(item[1])):
        if _RETIREMENT in parts:
            _retire(shelf, name, parts)
        elif _MANIFEST in parts:
            _shelve(shelf, name, parts)
    return shelf


def _offset_of(parts: _Parts) -> int:
    return max(record.offset for record in parts.values())


def _retire(shelf: DeckVersions, name: Name, parts: _Parts) -> None:
    record = parts[_RETIREMENT]
    try:
        retirement: r.DeckRetirement = _read_retirement(record.value or b"")
        since_ms = millis(msgspec.convert(retirement.retired_from, datetime))
    except (msgspec.MsgspecError, ValueError) as error:
        wrong = Complaint("retirement", "one that can be read", str(error))
    else:
        if len(parts) == 1 and (retirement.deck_id, retirement.version) == name:
            retired = Retired(since_ms, retirement.version, record.at_ms)
            shelf.retired.setdefault(name[0], []).append(retired)
            return
        wrong = Complaint("version", "a retirement or rows, of the key's version", retirement)
    shelf.faults.append(difference(PROOF, (TOPIC, 0, record.offset), record.key, wrong))


def _shelve(shelf: DeckVersions, name: Name, parts: _Parts) -> None:
    manifest = parts[_MANIFEST]
    try:
        version = _assemble(name, parts)
    except (msgspec.MsgspecError, ValueError, LookupError) as error:
        wrong = Complaint("version", "whole and as its digest says", str(error))
    else:
        currency = shelf.currencies.setdefault(name[0], version.currency)
        if version.currency == currency:
            shelf.versions[name] = version
            return
        wrong = Complaint("currency", f"{currency}, that of the deck", version.currency)
    place = (TOPIC, 0, manifest.offset)
    shelf.faults.append(difference(PROOF, place, manifest.key, wrong))


def _assemble(name: Name, parts: _Parts) -> DeckVersion:
    """Make a version of its parts; what is wrong is raised as ValueError, LookupError or MsgspecError."""
    manifest: r.DeckManifest = _read_manifest(parts[_MANIFEST].value or b"")
    if (manifest.deck_id, manifest.version) != name:
        message = f"the manifest is that of {manifest.deck_id}/{manifest.version}"
        raise ValueError(message)
    rows = _rows(name, parts, manifest.chunks)
    if len(rows) != manifest.rows:
        message = f"rows: the manifest says {manifest.rows}, the chunks have {len(rows)}"
        raise ValueError(message)
    digest = sha256(_encode(manifest.columns) + b"\n")
    for row in rows:
        digest.update(_encode(row) + b"\n")
    if digest.hexdigest() != manifest.digest:
        message = f"digest: the manifest says {manifest.digest}, it is {digest.hexdigest()}"
        raise ValueError(message)
    valid_from_ms = millis(msgspec.convert(manifest.valid_from, datetime))
    said = _said(_cells(manifest.columns, rows))
    several = {prefix for prefix, prices in said[1].items() if len(prices) > 1}
    named = ((_prefix_of(row), row) for row in _cells(manifest.columns, rows) if not _denies(row))
    timed = read_slots(manifest, (each for each in named if each[0] in several))
    return DeckVersion(manifest.currency, valid_from_ms, *said, timed)


def _rows(name: Name, parts: Mapping[int, Record], chunks: int) -> list[list[str]]:
    rows: list[list[str]] = []
    for number in range(1, chunks + 1):
        if number not in parts:
            message = f"chunk {number} of {chunks} is missing"
            raise LookupError(message)
        chunk: r.DeckChunk = _read_chunk(parts[number].value or b"")
        if (chunk.deck_id, chunk.version, chunk.chunk) != (*name, number):
            message = f"chunk {number} is that of {chunk.deck_id}/{chunk.version}/{chunk.chunk}"
            raise ValueError(message)
        rows += chunk.rows
    return rows


_Destinations = dict[tuple[str, str], set[str]]
_Prices = dict[tuple[str, str], list[Price]]
_Called = dict[tuple[str, str], set[tuple[str, str]]]


def _cells(columns: list[str], rows: list[list[str]]) -> Iterator[dict[str, str]]:
    """Yield the cells of every row by column; decks have many, and no two are needed at once."""
    return (dict(zip(columns, row, strict=False)) for row in rows)


def _prefix_of(cells: Mapping[str, str]) -> tuple[str, str]:
    """Return direction and prefix of a row."""
    direction = cells.get("direction", "").strip().lower() or "out"
    return direction, cells.get("prefix", "").strip().lstrip("+")


def _denies(cells: Mapping[str, str]) -> bool:
    return cells.get("action", "").strip().lower() == "deny"


def _said(rows: Iterable[Mapping[str, str]]) -> tuple[_Destinations, _Prices, _Called]:
    """Return what the rows of every prefix say; several rows of one are its slots."""
    destinations: _Destinations = {}
    prices: _Prices = {}
    called: _Called = {}
    for cells in rows:
        prefix = _prefix_of(cells)
        destinations.setdefault(prefix, set()).add(cells.get("destination", "").strip())
        asked = prices.setdefault(prefix, [])
        if not _denies(cells):
            asked.append(read_price(cells))
            number = (
                cells.get("country", "").strip().upper(),
                cells.get("number_type", "").strip(),
            )
            called.setdefault(prefix, set()).add(number)
    return destinations, prices, called
