"""The reconciler's decoders refuse what the topics' JSON Schemas refuse."""

import json
from pathlib import Path

import msgspec
import pytest

from rater.reconcile.reading.schemas import decoder_of, decoder_of_record
from topics import catalog
from topics import records as r

EXAMPLES = Path(catalog.__file__).parent / "examples"
TAGGED = [t for t in catalog.CATALOG if t.records and t is not catalog.RATE_DECKS]
OURS = [topic for topic in TAGGED if not topic.external]


DECK_RECORDS = {
    b'"digest"': r.DeckManifest,
    b'"chunk"': r.DeckChunk,
    b'"retired_from"': r.DeckRetirement,
}


def lines(name: str) -> list[bytes]:
    return (EXAMPLES / name).read_bytes().splitlines()


@pytest.mark.parametrize("topic", TAGGED, ids=lambda topic: topic.name)
def test_golden_examples_are_read(topic: catalog.Topic) -> None:
    for line in lines(f"{topic.name}.valid.jsonl"):
        assert decoder_of(topic)(line)


@pytest.mark.parametrize("topic", OURS, ids=lambda topic: topic.name)
def test_examples_of_what_is_wrong_are_refused(topic: catalog.Topic) -> None:
    for line in lines(f"{topic.name}.invalid.jsonl"):
        record = json.dumps(json.loads(line)["record"]).encode()
        with pytest.raises((msgspec.MsgspecError, ValueError)):
            decoder_of(topic)(record)


def test_deck_records_are_read_by_their_type() -> None:
    for line in lines("rate.decks.v1.valid.jsonl"):
        kind = next(kind for name, kind in DECK_RECORDS.items() if name in line)
        assert decoder_of_record(kind)(line).deck_id


def test_a_decoded_entry_knows_its_kind() -> None:
    kinds = {
        decoder_of(catalog.LEDGER)(line).kind for line in lines("ledger.entries.v1.valid.jsonl")
    }

    assert "charge" in kinds
