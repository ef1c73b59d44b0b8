"""The charge index: an exact memory with a window and a bound."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xxhash import xxh3_128_digest

from rater.batch.charging.charge_index import ChargeIndex, Shortening, hash_ids, make_entries
from rater.batch.charging.id_table import ENTRY
from topics.manifests import (
    ID_BYTES,
    PLACE_MAX,
    IdState,
    RememberedId,
    cdr_key,
    command_key,
    pack_ids,
    unpack_ids,
)

DAY = 20_500

# Few halves, so that ids agree in one half or in both.
halves = st.sampled_from([0, 1, 1 << 32, 1 << 61, (1 << 64) - 1]).map(
    lambda half: half.to_bytes(8, "little")
)
remembered = st.builds(
    RememberedId,
    hash=st.tuples(halves, halves).map(b"".join),
    content=st.integers(0, 3),
    place=st.sampled_from([0, 1, PLACE_MAX]),
    state=st.sampled_from(IdState),
    day=st.integers(DAY - 5, DAY + 5),
)
batches = st.lists(remembered, max_size=12)
operations = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["remember", "load"]), batches),
        st.tuples(st.just("advance"), st.integers(DAY - 5, DAY + 8)),
    ),
    max_size=12,
)


class Model:
    """The charge index as a dict."""

    def __init__(self, window_days: int, capacity_max: int) -> None:
        self.window_days = window_days
        self.capacity_max = capacity_max
        self.ids: dict[bytes, RememberedId] = {}
        self.oldest_day = 0
        self.stream_day = 0
        self.raised_to: list[int] = []

    def remember(self, batch: list[RememberedId]) -> None:
        self.ids |= {one.hash: one for one in batch}
        self._drop()
        if len(self.ids) > self.capacity_max:
            room = self.capacity_max - self.capacity_max // 16
            while len(self.ids) > room:
                self.oldest_day = min(one.day for one in self.ids.values()) + 1
                self._drop()
            self.raised_to.append(self.oldest_day)

    def advance(self, stream_day: int) -> None:
        self.stream_day = max(self.stream_day, stream_day)
        self.oldest_day = max(self.oldest_day, self.stream_day - self.window_days)
        self._drop()

    def _drop(self) -> None:
        self.ids = {h: one for h, one in self.ids.items() if one.day >= self.oldest_day}


def id_of(name: str, day: int = DAY, state: IdState = IdState.CHARGED) -> RememberedId:
    return RememberedId(xxh3_128_digest(cdr_key("acme", name, 1)), 7, 11, state, day)


def ids_of(count: int, day: int, name: str = "c") -> list[RememberedId]:
    return [id_of(f"{name}{number}", day) for number in range(count)]


def remember(index: ChargeIndex, batch: list[RememberedId]) -> None:
    index.remember(np.frombuffer(pack_ids(batch), ENTRY))


def look_up(index: ChargeIndex, hashes: list[bytes]) -> list[tuple[Any, ...] | None]:
    found = index.find(np.frombuffer(b"".join(hashes), "<u8").reshape(-1, 2))
    rows = zip(*(column.tolist() for column in found[1:]), strict=True)
    return [row if hit else None for hit, row in zip(found.hit.tolist(), rows, strict=True)]


def expect(model: Model, hashes: list[bytes]) -> list[tuple[Any, ...] | None]:
    known = [model.ids.get(one) for one in hashes]
    return [one and (one.content, one.state, one.place, one.day) for one in known]


@settings(deadline=None, max_examples=300)
@given(operations, st.integers(1, 4), st.one_of(st.integers(1, 12), st.integers(16, 40)))
def test_the_index_answers_as_a_dict_would(
    steps: list[tuple[str, Any]], window_days: int, capacity_max: int
) -> None:
    index, model = ChargeIndex(window_days, capacity_max), Model(window_days, capacity_max)
    hashes = sorted({one.hash for name, batch in steps if name != "advance" for one in batch})

    for name, argument in steps:
        if name == "advance":
            index.advance(argument)
            model.advance(argument)
        else:
            model.remember(argument)
            if name == "load":
                index.load(pack_ids(argument))
            else:
                remember(index, argument)

        assert model.oldest_day == index.oldest_day
        assert expect(model, hashes) == look_up(index, hashes)
        assert len(model.ids) == len(index) <= capacity_max
    due = max(0, model.stream_day - window_days)
    assert (model.oldest_day > due) == index.window_shortened
    told = [shortening.oldest_day for shortening in index.take_shortenings()]
    assert told == [day for day in model.raised_to if model.stream_day and day > due]


@settings(deadline=None)
@given(st.lists(batches, max_size=8), st.integers(5, 40))
def test_manifests_loaded_at_one_go_are_as_remembered_one_by_one(
    manifests: list[list[RememberedId]], capacity_max: int
) -> None:
    lived, loaded = ChargeIndex(5, capacity_max), ChargeIndex(5, capacity_max)
    lived.advance(DAY)
    for batch in manifests:
        remember(lived, batch)
        loaded.load(pack_ids(batch))
    loaded.advance(DAY)
    oldest_day = max(lived.oldest_day, loaded.oldest_day)
    hashes = sorted({one.hash for batch in manifests for one in batch})

    # The two may shorten at different days; from the later one on they must agree.
    answers = (look_up(lived, hashes), look_up(loaded, hashes))
    lived_ids, loaded_ids = ([x and x[3] >= oldest_day and x for x in one] for one in answers)
    assert [one or None for one in lived_ids] == [one or None for one in loaded_ids]


def test_an_entry_of_numpy_and_a_packed_id_are_the_same_bytes() -> None:
    keys = [
        cdr_key("acme", "sw7-1", 1),
        cdr_key("acme", "sw7-2", 3),
        command_key("account.commands.v1", "acme", "x"),
    ]
    entries = make_entries(
        hash_ids(keys),
        content=[1, (1 << 32) - 1, 0],
        place=[0, PLACE_MAX, 5_000_000_000],
        state=[IdState.CHARGED, IdState.SUSPENDED, IdState.COMMAND],
        day=[0, 65_535, DAY],
    )
    expected = [
        RememberedId(xxh3_128_digest(keys[0]), 1, 0, IdState.CHARGED, 0),
        RememberedId(xxh3_128_digest(keys[1]), (1 << 32) - 1, PLACE_MAX, IdState.SUSPENDED, 65_535),
        RememberedId(xxh3_128_digest(keys[2]), 0, 5_000_000_000, IdState.COMMAND, DAY),
    ]

    assert ENTRY.itemsize == ID_BYTES
    assert expected == unpack_ids(entries.tobytes())
    assert pack_ids(expected) == entries.tobytes()


@pytest.mark.parametrize(
    ("field", "value"), [("place", PLACE_MAX + 1), ("place", -1), ("state", 0), ("day", 65_536)]
)
def test_an_entry_that_does_not_fit_is_a_broken_invariant(field: str, value: int) -> None:
    fields: dict[str, Any] = {"content": 1, "place": 1, "state": 1, "day": 1, field: value}

    with pytest.raises(AssertionError, match=f"{field} {value}"):
        make_entries(hash_ids([b"one"]), **fields)


def test_what_was_remembered_is_found_and_nothing_else() -> None:
    index = ChargeIndex()
    keys = [cdr_key("acme", f"c{number}", 1) for number in range(5_000)]
    places = np.arange(5_000) + (1 << 39)
    index.remember(
        make_entries(hash_ids(keys), content=7, place=places, state=IdState.CHARGED, day=DAY)
    )

    found = index.find(hash_ids([*keys, *(cdr_key("acme", f"c{n}", 2) for n in range(5_000))]))

    assert [*[True] * 5_000, *[False] * 5_000] == found.hit.tolist()
    assert [*places.tolist(), *[0] * 5_000] == found.place.tolist()


def test_a_batch_without_ids_is_no_exception() -> None:
    index = ChargeIndex()

    index.remember(make_entries(hash_ids([]), content=[], place=[], state=[], day=[]))
    index.load(b"")

    assert len(index) == 0
    assert index.find(hash_ids([])).hit.tolist() == []


def test_a_suspended_cdr_that_is_charged_keeps_its_one_place() -> None:
    index = ChargeIndex()
    remember(index, [id_of("a", state=IdState.SUSPENDED), id_of("b")])

    remember(index, [id_of("a")._replace(place=99)])

    assert len(index) == 2
    assert look_up(index, [id_of("a").hash]) == [(7, IdState.CHARGED, 99, DAY)]


def test_the_window_drops_what_is_older_and_never_goes_back() -> None:
    index = ChargeIndex(window_days=7)
    for day in range(DAY - 10, DAY + 1):
        remember(index, ids_of(10, day, name=f"d{day}-"))
    assert len(index) == 110

    index.advance(DAY)
    assert (DAY - 7, 80, False) == (index.oldest_day, len(index), index.window_shortened)

    index.advance(DAY - 3)
    remember(index, ids_of(10, DAY - 8))
    assert (DAY - 7, 80) == (index.oldest_day, len(index))
    assert index.take_shortenings() == []


def test_a_full_index_shortens_the_window_loudly() -> None:
    index = ChargeIndex(window_days=7, capacity_max=32)
    index.advance(DAY)
    for day in range(DAY - 3, DAY):
        remember(index, ids_of(10, day, name=f"d{day}-"))
    assert (30, False) == (len(index), index.window_shortened)

    remember(index, ids_of(10, DAY))

    assert (30, DAY - 2, True) == (len(index), index.oldest_day, index.window_shortened)
    assert [Shortening(DAY - 7, DAY - 2, 10)] == index.take_shortenings()
    assert index.take_shortenings() == []
    index.advance(DAY + 5)
    assert not index.window_shortened


def test_a_shortening_makes_a_sixteenth_free_so_that_the_next_is_not_at_once() -> None:
    index = ChargeIndex(window_days=60, capacity_max=32)
    index.advance(DAY)
    index.load(pack_ids([id_of(f"c{age}", DAY - age) for age in range(33)]))
    assert [Shortening(DAY - 60, DAY - 29, 3)] == index.take_shortenings()
    assert len(index) == 30


def test_a_day_that_is_too_much_alone_goes_too() -> None:
    index = ChargeIndex(window_days=7, capacity_max=20)
    index.advance(DAY)

    remember(index, ids_of(21, DAY))

    assert (0, DAY + 1) == (len(index), index.oldest_day)
    assert [Shortening(DAY - 7, DAY + 1, 21)] == index.take_shortenings()


def test_loading_more_days_than_the_window_has_is_no_shortening() -> None:
    index = ChargeIndex(window_days=2, capacity_max=40)
    for day in range(DAY - 5, DAY + 1):
        index.load(pack_ids(ids_of(10, day, name=f"d{day}-")))
    assert index.take_shortenings() == []

    index.advance(DAY)

    assert (30, DAY - 2) == (len(index), index.oldest_day)
    assert index.take_shortenings() == []
    assert not index.window_shortened


def test_a_long_recovery_is_found_to_the_last_id() -> None:
    index = ChargeIndex()
    words = np.random.default_rng(1).integers(0, 1 << 63, (150_000, 2), np.uint64)
    entries = make_entries(words, content=1, place=np.arange(150_000), state=1, day=DAY)
    for start in range(0, 150_000, 2_000):
        index.load(entries[start : start + 2_000].tobytes())
    index.load(entries[:2_000].tobytes())

    assert len(index) == 150_000
    assert list(range(150_000)) == index.find(words).place.tolist()
    assert index.bytes_used <= 40 * 150_000


@pytest.mark.parametrize(
    ("ids", "reason"),
    [(bytes(27), "55 bytes"), (bytes(28), "state: 0"), (b"\x09" * 28, "state: 9")],
)
def test_a_damaged_manifest_is_refused_whole(ids: bytes, reason: str) -> None:
    index = ChargeIndex()

    with pytest.raises(ValueError, match=reason):
        index.load(pack_ids([id_of("a")]) + ids)

    assert len(index) == 0
