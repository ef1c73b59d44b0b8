"""The raw table of remembered ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rater.batch.charging.id_table import ABSENT, ENTRY, IdTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from rater.batch.charging.id_table import Entries

TOP = (1 << 64) - 1

halves = st.sampled_from([0, 1, 2, 1 << 31, 1 << 32, 1 << 61, 7 << 61, TOP - 1, TOP])
rows = st.lists(st.tuples(halves, halves, st.integers(0, 9), st.integers(0, 9)), max_size=40)


def entries_of(rows: Iterable[tuple[int, int, int, int]]) -> Entries:
    entries: Entries = np.array(list(rows), ENTRY)
    return entries


def random_entries(count: int, seed: int) -> Entries:
    words = np.random.default_rng(seed).integers(0, TOP, (count, 4), np.uint64, endpoint=True)
    entries: Entries = np.zeros(count, ENTRY)
    for name, column in zip(("high", "low", "content", "tail"), words.T, strict=True):
        entries[name] = column
    return entries


def locate(table: IdTable, entries: Entries) -> npt.NDArray[np.int64]:
    return table.locate(entries["high"].copy(), entries["low"].copy())


def contents(table: IdTable) -> dict[tuple[int, int], tuple[int, int]]:
    return {(high, low): (content, tail) for high, low, content, tail in table.entries().tolist()}


@settings(deadline=None)
@given(st.lists(rows, max_size=6))
def test_the_table_holds_what_a_dict_would(batches: list[list[tuple[int, int, int, int]]]) -> None:
    table, model = IdTable(), dict[tuple[int, int], tuple[int, int]]()

    for batch in batches:
        table.put(entries_of(batch))
        model |= {(high, low): (content, tail) for high, low, content, tail in batch}

        assert model == contents(table)
        assert len(model) == len(table)
        assert list(range(len(table))) == locate(table, table.entries()).tolist()


@settings(deadline=None)
@given(rows, st.data())
def test_rows_that_are_not_kept_are_gone_and_the_others_are_found(
    batch: list[tuple[int, int, int, int]], data: st.DataObject
) -> None:
    table = IdTable()
    table.put(entries_of(batch))
    before = table.entries()
    kept = data.draw(st.lists(st.booleans(), min_size=len(table), max_size=len(table)))
    marks = np.array(kept, np.bool_)

    table.keep(marks)

    assert before[marks].tolist() == table.entries().tolist()
    assert list(range(len(table))) == locate(table, before[marks]).tolist()
    assert {ABSENT} >= set(locate(table, before[~marks]).tolist())


def test_nothing_is_lost_while_the_table_grows_and_shrinks() -> None:
    table = IdTable()
    entries = random_entries(60_000, seed=1)
    for start in range(0, len(entries), 1_500):
        table.put(entries[start : start + 1_500])
        assert len(table) == start + 1_500
    assert list(range(60_000)) == locate(table, entries).tolist()
    assert (locate(table, random_entries(5_000, seed=2)) == ABSENT).all()

    used = table.bytes_used
    table.keep(np.arange(60_000) % 10 == 3)

    assert list(range(6_000)) == locate(table, entries[3::10]).tolist()
    assert (locate(table, entries[4::10]) == ABSENT).all()
    assert table.entries().tobytes() == entries[3::10].tobytes()
    assert used > 5 * table.bytes_used


def test_an_id_costs_at_most_40_bytes_at_any_size() -> None:
    table = IdTable()
    entries = random_entries(50_000, seed=3)
    for start in range(0, len(entries), 500):
        table.put(entries[start : start + 500])
        if len(table) > 2_000:
            assert table.bytes_used <= 40 * len(table)


@pytest.mark.parametrize("half", ["high", "low"])
def test_ids_that_agree_in_one_half_are_told_apart(half: str) -> None:
    table = IdTable()
    entries = random_entries(700, seed=4)
    entries[half] = TOP
    table.put(entries[:600])

    expected: list[Any] = [*range(600), *[ABSENT] * 100]

    assert expected == locate(table, entries).tolist()


@pytest.mark.parametrize("step", range(8))
def test_every_step_of_the_search_comes_to_every_slot(step: int) -> None:
    table = IdTable()
    entries = random_entries(1_200, seed=5)
    entries["high"] = TOP
    entries["low"] = (entries["low"] >> np.uint64(3)) | np.uint64(step << 61)

    table.put(entries)

    assert list(range(1_200)) == locate(table, entries).tolist()


def test_a_repeat_within_a_batch_and_a_later_one_both_replace() -> None:
    table = IdTable()

    table.put(entries_of([(0, 0, 1, 1), (5, 5, 2, 2), (0, 0, 3, 3), (0, 1, 4, 4)]))
    assert {(0, 0): (3, 3), (5, 5): (2, 2), (0, 1): (4, 4)} == contents(table)

    table.put(entries_of([(5, 5, 6, 6), (5, 6, 7, 7), (5, 5, 8, 8)]))
    assert {(0, 0): (3, 3), (5, 5): (8, 8), (0, 1): (4, 4), (5, 6): (7, 7)} == contents(table)


def test_empty_batches_change_nothing() -> None:
    table = IdTable()
    nothing = entries_of([])

    table.put(nothing)
    table.keep(np.zeros(0, np.bool_))

    assert len(table) == 0
    assert len(locate(table, nothing)) == 0
