"""Deck records: a version packed into chunks and a manifest.

The digest is the SHA-256 of the columns, then each row, as compact JSON arrays in UTF-8, a line
feed after each.
"""

from collections.abc import Iterable
from hashlib import sha256

import orjson
from msgspec.json import encode

from rater.core.pricing.decks import Heading, Retirement
from rater.core.times import to_text
from rater.wire.pricing.deck_calendars import calendar_records
from rater.wire.pricing.deck_csv import Sheet
from topics.records.decks import CHUNK_ROWS_MAX, DeckChunk, DeckManifest, DeckRetirement


def pack_retirement(retirement: Retirement) -> list[tuple[bytes, bytes]]:
    """Return key and value of the only record of a retirement."""
    deck_id, version = retirement.deck_id, retirement.version
    since = to_text(retirement.valid_from_ms)
    record = DeckRetirement(deck_id, version, since, retirement.reason)
    return [(f"{deck_id}/{version}/retirement".encode(), encode(record))]


def pack_deck(heading: Heading, sheet: Sheet) -> list[tuple[bytes, bytes]]:
    """Return keys and values of a version's records in the order to publish: manifest last."""
    name = f"{heading.deck_id}/{heading.version}"
    slices = range(0, len(sheet.rows), CHUNK_ROWS_MAX)
    records: list[tuple[bytes, bytes]] = []
    for number, start in enumerate(slices, 1):
        rows = sheet.rows[start : start + CHUNK_ROWS_MAX]
        chunk = DeckChunk(heading.deck_id, heading.version, number, rows)
        records.append((f"{name}/chunk-{number:05}".encode(), encode(chunk)))
    manifest = DeckManifest(
        deck_id=heading.deck_id,
        version=heading.version,
        currency=heading.currency,
        valid_from=to_text(heading.valid_from_ms),
        time_zone=heading.zone.name,
        band_policy=heading.band_policy.value,
        columns=sheet.columns,
        rows=len(sheet.rows),
        chunks=len(slices),
        digest=digest_of(sheet.columns, sheet.rows),
        calendars=calendar_records(heading.calendars),
    )
    return [*records, (f"{name}/manifest".encode(), encode(manifest))]


def digest_of(columns: list[str], rows: Iterable[list[str]]) -> str:
    """Return the digest of a version's content, in hex."""
    digest = sha256(orjson.dumps(columns) + b"\n")
    for row in rows:
        digest.update(orjson.dumps(row) + b"\n")
    return digest.hexdigest()
