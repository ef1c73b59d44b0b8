"""Versions packed for the topic and put together again."""

import json
import random
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.pricing.decks import Deck, Heading, Retirement, Row, Version
from rater.core.pricing.terms import Terms
from rater.wire.pricing.deck_calendars import calendars_of, date_text
from rater.wire.pricing.deck_csv import Sheet
from rater.wire.pricing.deck_heading import read_heading
from rater.wire.pricing.decks import BadDeck, DeckAssembler, pack_deck, pack_retirement
from topics.records.decks import CHUNK_ROWS_MAX, DeckCalendar

Record = tuple[bytes, bytes]


def heading(version: int = 1, currency: str = "USD") -> Heading:
    terms = (currency, "2024-01-01T00:00:00Z", "Europe/Paris", "split")
    found = read_heading("world", version, terms)
    assert isinstance(found, Heading)
    return found


def packed(
    rows: int = 2, version: int = 1, rate: str = "0.1", currency: str = "USD"
) -> list[Record]:
    cells = [[str(10_000 + number), rate] for number in range(rows)]
    return pack_deck(
        heading(version, currency), Sheet(["prefix", "rate"], list(range(rows)), cells)
    )


def fed(records: list[Record]) -> list[Version | BadDeck | None]:
    assembler = DeckAssembler()
    return [assembler.feed(key, value) for key, value in records]


def test_a_version_is_whole_with_its_last_record_in_whatever_order() -> None:
    records = packed(2 * CHUNK_ROWS_MAX + 1)

    for order in permutations(records):
        *before, last = fed(list(order))

        assert before == [None, None, None]
        assert isinstance(last, Deck)
        assert (last.rows, last.deck_id, last.version, last.zone.name) == (
            10_001,
            "world",
            1,
            "Europe/Paris",
        )


def test_a_version_that_is_known_changes_nothing_when_it_comes_again() -> None:
    records = packed()

    assert fed(records + records)[2:] == [None, None]


def test_a_version_is_immutable() -> None:
    old, new = packed(rate="0.1"), packed(rate="0.2")

    _, whole, chunk, manifest = fed(old + new)

    assert isinstance(whole, Deck)
    assert isinstance(chunk, BadDeck)
    assert isinstance(manifest, BadDeck)
    assert "immutable" in chunk.detail
    assert "immutable" in manifest.detail


def test_versions_do_not_mix() -> None:
    mixed = [*packed(version=1), *packed(version=2, rate="0.2")]
    random.Random(4).shuffle(mixed)

    assert sum(isinstance(result, Deck) for result in fed(mixed)) == 2


def test_what_is_not_whole_is_named() -> None:
    assembler = DeckAssembler()
    chunk, manifest = packed()
    assembler.feed(*chunk)

    assert assembler.incomplete() == ["world/1"]
    assert isinstance(assembler.feed(*manifest), Deck)
    assert assembler.incomplete() == []


def test_an_interrupted_load_can_be_repeated_with_other_rows() -> None:
    (first, _), (second, manifest) = packed(rate="0.1"), packed(rate="0.2")
    nothing, still_nothing, whole = fed([first, second, manifest])

    assert (nothing, still_nothing) == (None, None)
    assert isinstance(whole, Deck)
    found = whole.outward.find("+10000")
    assert isinstance(found, Row)
    assert found.rate_nanos == 200_000_000


def test_a_part_that_is_deleted_before_the_version_is_whole_is_forgotten() -> None:
    (key, value), manifest = packed()
    assembler = DeckAssembler()

    assert assembler.feed(key, value) is None
    assert assembler.feed(key, None) is None
    assert assembler.feed(*manifest) is None
    assert isinstance(assembler.feed(key, value), Deck)
    assert isinstance(assembler.feed(key, None), BadDeck)


def changed(record: Record, **fields: object) -> Record:
    key, value = record
    return key, json.dumps(json.loads(value) | fields).encode()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"rows": 3}, "rows"),
        ({"digest": "0" * 64}, "digest"),
        ({"currency": "usd"}, "currency"),
        ({"valid_from": "yesterday"}, "valid_from"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"columns": ["prefix", "price"]}, "columns"),
        ({"columns": ["prefix", "rate", "country"]}, "digest"),
        ({"band_policy": "both"}, "band_policy"),
        ({"version": 2}, "version"),
        ({"surprise": 1}, "surprise"),
        ({"chunks": 0}, "chunks"),
    ],
)
def test_a_manifest_that_does_not_agree_is_a_value_that_says_so(
    fields: dict[str, object], said: str
) -> None:
    chunk, manifest = packed()

    _, result = fed([chunk, changed(manifest, **fields)])

    assert isinstance(result, BadDeck)
    assert said in result.detail


def test_rows_that_cannot_be_read_are_named() -> None:
    _, result = fed(packed(rate="free"))

    assert isinstance(result, BadDeck)
    assert "line 2, column rate: 'free'" in result.detail


@pytest.mark.parametrize(
    "key",
    [None, b"", b"world", b"world/1", b"world/x/manifest", b"world/1/chunk-1", b"\xff/1/manifest"],
)
def test_a_key_of_another_form_is_a_value_that_says_so(key: bytes | None) -> None:
    assert isinstance(DeckAssembler().feed(key, b"{}"), BadDeck)


@given(
    st.sampled_from([b"world/1/manifest", b"world/1/chunk-00001"]),
    st.one_of(
        st.binary(max_size=50),
        st.recursive(
            st.none() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(st.sampled_from(["rows", "chunk", "deck_id", "version"]), inner)
            ),
        ).map(lambda made: json.dumps(made).encode()),
    ),
)
def test_no_bytes_make_it_raise(key: bytes, value: bytes) -> None:
    assert isinstance(DeckAssembler().feed(key, value), BadDeck)


def test_a_manifest_that_is_deleted_before_the_version_is_whole_may_come_anew() -> None:
    chunk, manifest = packed(rate="0.1")
    other_chunk, other = packed(rate="0.2")
    assembler = DeckAssembler()

    assert assembler.feed(*manifest) is None
    assert assembler.feed(manifest[0], None) is None
    assert assembler.feed(*other) is None
    assert isinstance(assembler.feed(*chunk), BadDeck)
    assert isinstance(assembler.feed(*other_chunk), Deck)


def test_a_chunk_that_is_not_what_its_key_says_is_refused() -> None:
    chunk, _ = packed()

    (result,) = fed([changed(chunk, chunk=2)])

    assert isinstance(result, BadDeck)
    assert "world/1/2 is not what the key says" in result.detail


def test_rows_of_another_length_than_the_columns_are_refused() -> None:
    sheet = Sheet(["prefix", "rate", "country"], [2], [["33", "1"]])

    _, result = fed(pack_deck(heading(), sheet))

    assert isinstance(result, BadDeck)
    assert "cells of columns" in result.detail


def test_a_version_in_another_currency_is_refused_once_and_is_not_waited_for() -> None:
    """It took force, and accounts in the deck's currency had no price from its day on."""
    assembler = DeckAssembler()
    records = [*packed(), *packed(version=2, currency="EUR"), *packed(version=3)]
    outcomes = [assembler.feed(key, value) for key, value in records]
    bad = [one for one in outcomes if isinstance(one, BadDeck)]

    assert [one.version for one in outcomes if isinstance(one, Deck)] == [1, 3]
    assert [(one.key, one.detail) for one in bad] == [
        (
            "world/2/manifest",
            (
                "currency: EUR, must be USD, that of deck world since its version 1; "
                "this version prices nothing"
            ),
        )
    ]
    assert assembler.incomplete() == []


def test_a_refused_version_whose_manifest_was_deleted_may_come_in_the_right_currency() -> None:
    assembler = DeckAssembler()
    wrong, right = packed(version=2, currency="EUR"), packed(version=2)
    for key, value in [*packed(), *wrong]:
        assembler.feed(key, value)
    for key, _ in wrong:
        assembler.feed(key, None)

    assert isinstance([assembler.feed(key, value) for key, value in right][-1], Deck)


def test_a_retirement_is_a_version_and_immutable() -> None:
    retired = Retirement("world", 2, 1_800_000_000_000, "gone")
    ((key, value),) = pack_retirement(retired)
    ((_, other),) = pack_retirement(Retirement("world", 2, 1_900_000_000_000, None))
    assembler = DeckAssembler()

    assert assembler.feed(key, value) == retired
    assert assembler.feed(key, value) is None
    for part, content in ((key, other), (key, None), *packed(version=2)):
        bad = assembler.feed(part, content)
        assert isinstance(bad, BadDeck)
        assert "immutable" in bad.detail


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        (b"{}", "value: Object missing required field `deck_id`"),
        (b'{"deck_id":"w","version":3,"retired_from":"2027-01-01T00:00:00Z"}', "deck_id, version"),
        (b'{"deck_id":"world","version":2,"retired_from":"soon"}', "retired_from: 'soon' is not"),
        (b'{"deck_id":"world","version":2,"retired_from":"2027-01-01T00:00:00Z","x":1}', "value: "),
    ],
)
def test_a_retirement_that_cannot_be_read_is_a_value(value: bytes, detail: str) -> None:
    bad = DeckAssembler().feed(b"world/2/retirement", value)

    assert isinstance(bad, BadDeck)
    assert bad.detail.startswith(detail)


def test_a_version_with_rows_cannot_be_retired_under_its_own_number() -> None:
    assembler = DeckAssembler()
    for key, value in packed(version=2):
        assembler.feed(key, value)
    ((key, value),) = pack_retirement(Retirement("world", 2, 1_800_000_000_000, None))

    assert isinstance(assembler.feed(key, value), BadDeck)


def dated(*dates: str) -> list[Record]:
    terms = ("USD", "2024-01-01T00:00:00Z", "Europe/Paris", "split")
    found = read_heading("world", 1, terms, calendars_of([DeckCalendar("holidays", dates)]))
    assert isinstance(found, Heading)
    rows = [["33", "0.1", ""], ["33", "0.05", "holidays"]]
    return pack_deck(found, Sheet(["prefix", "rate", "calendar"], [2, 3], rows))


def test_a_version_carries_the_calendars_that_its_rows_name() -> None:
    _, whole = fed(dated("2026-12-25", "2027-01-01"))

    assert isinstance(whole, Deck)
    entry = whole.outward.find("+33142685300")
    assert isinstance(entry, Terms)
    (part,) = entry.schedules[""].dated
    assert [date_text(day) for day in sorted(part.days)] == ["2026-12-25", "2027-01-01"]


def test_other_dates_are_another_version() -> None:
    _, _, again, other = fed([*dated("2026-12-25"), dated("2026-12-25")[1], dated("2026-12-26")[1]])

    assert again is None
    assert isinstance(other, BadDeck)
    assert "is known with other content, and a version is immutable" in other.detail


@pytest.mark.parametrize(
    ("calendars", "says"),
    [
        ([], "column calendar: 'holidays' is not a calendar of the deck"),
        ([{"name": "holidays", "dates": ["2026-02-30"]}], "calendars: date: '2026-02-30'"),
        ([{"name": "holidays", "dates": []}], "Expected `array` of length >= 1"),
        ([{"name": "holidays", "dates": ["2026-12-25"]}] * 2, "calendars: holidays is there twice"),
    ],
)
def test_a_version_whose_calendars_are_wrong_is_refused(calendars: list[object], says: str) -> None:
    (_, chunk), (key, value) = dated("2026-12-25")
    manifest = json.dumps(json.loads(value) | {"calendars": calendars}).encode()

    _, found = fed([(b"world/1/chunk-00001", chunk), (key, manifest)])

    assert isinstance(found, BadDeck)
    assert says in found.detail
