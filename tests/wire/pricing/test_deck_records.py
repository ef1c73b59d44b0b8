"""A version as records of the topic."""

import json
from hashlib import sha256

import jsonschema

from rater.core.pricing.decks import Heading
from rater.core.pricing.zones import UTC
from rater.wire.pricing.deck_csv import Sheet
from rater.wire.pricing.deck_records import digest_of, pack_deck
from topics.catalog import RATE_DECKS
from topics.records.decks import CHUNK_ROWS_MAX
from topics.schema import topic_schema

HEADING = Heading("world", 1, "USD", 1_704_067_200_000, UTC)


def packed(rows: int) -> list[tuple[bytes, bytes]]:
    cells = [[str(10_000 + number), "0.1"] for number in range(rows)]
    return pack_deck(HEADING, Sheet(["prefix", "rate"], list(range(rows)), cells))


def test_the_records_are_what_the_topic_s_schema_says() -> None:
    validator = jsonschema.Draft202012Validator(topic_schema(RATE_DECKS))

    for _, value in packed(CHUNK_ROWS_MAX + 1):
        validator.validate(json.loads(value))


def test_keys_name_deck_version_and_part_and_the_manifest_is_last() -> None:
    assert [key for key, _ in packed(CHUNK_ROWS_MAX + 1)] == [
        b"world/1/chunk-00001",
        b"world/1/chunk-00002",
        b"world/1/manifest",
    ]


def test_anyone_can_compute_the_digest() -> None:
    lines = ['["prefix","destination"]', '["33","Île-de-France"]']
    by_hand = sha256("".join(line + "\n" for line in lines).encode()).hexdigest()

    assert digest_of(["prefix", "destination"], [["33", "Île-de-France"]]) == by_hand


def test_the_manifest_counts_rows_and_chunks() -> None:
    manifest = json.loads(packed(CHUNK_ROWS_MAX + 1)[-1][1])

    assert (manifest["rows"], manifest["chunks"]) == (CHUNK_ROWS_MAX + 1, 2)
    assert manifest["valid_from"] == "2024-01-01T00:00:00Z"
