"""Decks on the topic: versions put together from their records, each when it is whole.

Rule 1: a version is some chunks and one manifest, each a record of its own key; the manifest is
        published last.
Rule 2: it takes part only when manifest and all chunks are there, in whatever order they came, and
        their number of rows and digest agree: nobody ever sees half of one.
Rule 3: a version is immutable. What says otherwise later is refused, and the version stays.
Rule 4: a deck has one currency, that of the version that was whole first. A version in another is
        refused: accounts would find their prices gone with the day on which it takes force.
Rule 5: a retirement is a version of one record, whole by itself.
Rule 6: bytes that cannot be read come back as a `BadDeck`, never as an exception.
"""

import re
from hashlib import sha256

import msgspec
import orjson
from msgspec import Struct

from rater.core.pricing.decks import Deck, Retirement, Version
from rater.wire.keys import key_text
from rater.wire.moments import NO_MOMENT, read_moment
from rater.wire.pricing.deck_calendars import calendars_of
from rater.wire.pricing.deck_columns import COLUMNS, REQUIRED
from rater.wire.pricing.deck_csv import Sheet, compile_sheet
from rater.wire.pricing.deck_heading import read_heading
from rater.wire.pricing.deck_records import (
    digest_of,
    pack_deck,
    pack_retirement,
)
from topics.records import DeckChunk, DeckManifest, DeckRetirement

__all__ = ["BadDeck", "DeckAssembler", "pack_deck", "pack_retirement"]

_KEY = re.compile(
    r"([A-Za-z0-9._-]{1,64})/([1-9][0-9]{0,9})/(manifest|retirement|chunk-[0-9]{5,6})", re.ASCII
)
_FAULTS_SHOWN = 5


class BadDeck(Struct, frozen=True):
    """A record of the deck topic that changes nothing, and why."""

    key: str
    detail: str


class _Parts(Struct):
    """What has come of one version."""

    manifest: DeckManifest | None = None
    chunks: dict[int, list[list[str]]] = msgspec.field(default_factory=dict)
    digests: dict[int, bytes] = msgspec.field(default_factory=dict)
    retirement: Retirement | None = None
    is_whole: bool = False
    is_refused: bool = False
    """Its currency is not the deck's: nothing more is made of it."""


class DeckAssembler:
    """Puts versions together from the records of the topic, in any order."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._versions: dict[tuple[str, int], _Parts] = {}
        self._first: dict[str, Deck] = {}
        """By deck id the version that was whole first."""

    def feed(self, key: bytes | None, value: bytes | None) -> Version | BadDeck | None:
        """Take a record: return the version that it makes whole, what is wrong with it, or None."""
        shown = key_text(key)
        match = _KEY.fullmatch(shown)
        if match is None:
            detail = "key: is not deck_id/version/manifest, .../retirement or .../chunk-00001"
            return BadDeck(shown, detail)
        name = (match[1], int(match[2]))
        parts = self._versions.setdefault(name, _Parts())
        made: Version | str | None = _take(parts, name, match[3], value)
        if made is None:
            made = self._refuse(parts) or _make(parts)
        if isinstance(made, Deck):
            self._first.setdefault(made.deck_id, made)
        return BadDeck(shown, made) if isinstance(made, str) else made

    def incomplete(self) -> list[str]:
        """Return the versions that are not whole yet, as `deck_id/version`."""
        unfinished = (
            name
            for name, parts in self._versions.items()
            if not parts.is_whole and not parts.is_refused
        )
        return sorted(f"{deck_id}/{version}" for deck_id, version in unfinished)

    def _refuse(self, parts: _Parts) -> str | None:
        """Refuse a version in another currency than the deck's; return why, once."""
        manifest = parts.manifest
        if manifest is None or parts.is_whole or parts.is_refused:
            return None
        first = self._first.get(manifest.deck_id)
        if first is None or first.currency == manifest.currency:
            return None
        parts.is_refused = True
        parts.chunks = {}
        return (
            f"currency: {manifest.currency}, must be {first.currency}, that of deck {first.deck_id} "
            f"since its version {first.version}; this version prices nothing"
        )


def _take(
    parts: _Parts, name: tuple[str, int], part: str, value: bytes | None
) -> Retirement | str | None:
    """Keep a part; return the retirement that it is, what is wrong with it, or None."""
    if value is None:
        return _forget(parts, part)
    if part == "retirement":
        return _take_retirement(parts, name, value)
    if parts.retirement is not None:
        return f"version: {name[1]} is known as a retirement, and a version is immutable"
    if part == "manifest":
        return _take_manifest(parts, name, value)
    return _take_chunk(parts, name, int(part.removeprefix("chunk-")), value)


def _forget(parts: _Parts, part: str) -> str | None:
    """Drop a part whose record was deleted; return why that may not be."""
    if parts.is_whole:
        return "value: was deleted, but a version is immutable; it stays until the next start"
    if part == "manifest":
        parts.manifest = None
        parts.is_refused = False
    elif part != "retirement":
        parts.chunks.pop(int(part.removeprefix("chunk-")), None)
    return None


def _take_retirement(parts: _Parts, name: tuple[str, int], value: bytes) -> Retirement | str | None:
    """Return a retirement, what is wrong with it, or None where it is known."""
    try:
        record = msgspec.json.decode(value, type=DeckRetirement)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"value: {error}"
    if (record.deck_id, record.version) != name:
        return f"deck_id, version: {record.deck_id}/{record.version} is not what the key says"
    since_ms = read_moment(record.retired_from)
    if since_ms is None:
        return f"retired_from: {record.retired_from!r} {NO_MOMENT}"
    made = Retirement(*name, since_ms, record.reason)
    if parts.retirement == made:
        return None
    if parts.retirement is not None or parts.manifest is not None or parts.chunks:
        return f"version: {name[1]} is known with other content, and a version is immutable"
    parts.retirement = made
    parts.is_whole = True
    return made


def _take_manifest(parts: _Parts, name: tuple[str, int], value: bytes) -> str | None:
    """Keep a manifest; return what is wrong with it."""
    try:
        manifest = msgspec.json.decode(value, type=DeckManifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"value: {error}"
    if (manifest.deck_id, manifest.version) != name:
        return f"deck_id, version: {manifest.deck_id}/{manifest.version} is not what the key says"
    if parts.manifest is not None and parts.manifest != manifest:
        return f"version: {name[1]} is known with other content, and a version is immutable"
    parts.manifest = manifest
    return None


def _take_chunk(parts: _Parts, name: tuple[str, int], number: int, value: bytes) -> str | None:
    """Keep a chunk; return what is wrong with it."""
    try:
        chunk = msgspec.json.decode(value, type=DeckChunk)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"value: {error}"
    if (chunk.deck_id, chunk.version) != name or chunk.chunk != number:
        shown = f"{chunk.deck_id}/{chunk.version}/{chunk.chunk}"
        return f"deck_id, version, chunk: {shown} is not what the key says"
    digest = sha256(orjson.dumps(chunk.rows)).digest()
    if parts.is_whole:
        if parts.digests.get(number, digest) != digest:
            return f"chunk: {number} is known with other content, and a version is immutable"
        return None
    if parts.is_refused:
        return None
    parts.chunks[number] = chunk.rows
    parts.digests[number] = digest
    return None


def _make(parts: _Parts) -> Deck | str | None:
    """Return the deck if its version has just become whole, why it cannot be made, or None."""
    manifest = parts.manifest
    if parts.is_whole or parts.is_refused or manifest is None:
        return None
    numbers = range(1, manifest.chunks + 1)
    if any(number not in parts.chunks for number in numbers):
        return None
    rows = [row for number in numbers for row in parts.chunks[number]]
    deck = _check_and_compile(manifest, rows)
    if isinstance(deck, Deck):
        parts.is_whole = True
        parts.chunks = {}
    return deck


def _check_and_compile(manifest: DeckManifest, rows: list[list[str]]) -> Deck | str:
    """Return the deck that a manifest and its rows make, or what is wrong with them."""
    terms = (manifest.currency, manifest.valid_from, manifest.time_zone, manifest.band_policy)
    calendars = calendars_of(manifest.calendars)
    heading = read_heading(manifest.deck_id, manifest.version, terms, calendars)
    if isinstance(heading, str):
        return heading
    if wrong := _disagreement(manifest, rows):
        return wrong
    # The line is that of the file the deck was made of, where it had no blank lines.
    lines = list(range(2, len(rows) + 2))
    deck = compile_sheet(heading, Sheet(manifest.columns, lines, rows))
    if isinstance(deck, Deck):
        return deck
    return "rows: " + "; ".join(map(str, deck[:_FAULTS_SHOWN]))


def _disagreement(manifest: DeckManifest, rows: list[list[str]]) -> str | None:
    """Return in what a manifest and its rows do not agree; None where they do."""
    columns = manifest.columns
    unknown = [name for name in columns if name not in COLUMNS or columns.count(name) > 1]
    if unknown or any(name not in columns for name in REQUIRED):
        return f"columns: {columns} are not those of a rate deck"
    if len(rows) != manifest.rows:
        return f"rows: the manifest says {manifest.rows}, the chunks have {len(rows)}"
    if digest_of(columns, rows) != manifest.digest:
        return f"digest: {manifest.digest} is not that of the chunks"
    if any(len(row) != len(columns) for row in rows):
        return f"rows: some have not the {len(columns)} cells of columns"
    return None
