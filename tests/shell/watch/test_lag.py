"""Lag at each border: caught up, behind, markers, what is open, what was never committed, deleted or made anew."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.shell.watch.lag import Lag, Offsets, Stretch, lag_of

NOW_MS = 1_800_000_000_000
ALL = Lag(0, 0.0)


def offsets(
    committed: int | None = 10, start: int = 0, stable: int = 10, end: int | None = None
) -> Offsets:
    return Offsets(committed, start, stable, stable if end is None else end)


def head(begin: int, end: int, age_ms: int = 7_000) -> Stretch:
    return Stretch(begin, end, NOW_MS - age_ms)


def test_who_has_taken_all_is_not_behind() -> None:
    assert lag_of(offsets(), None, NOW_MS) == ALL


def test_who_is_behind_is_so_by_the_age_of_the_first_record_not_taken() -> None:
    assert lag_of(offsets(7), head(7, 7), NOW_MS) == Lag(3, 7.0)


def test_markers_and_aborted_records_at_the_end_are_nothing_to_take() -> None:
    assert lag_of(offsets(7), Stretch(7, 10), NOW_MS) == ALL


def test_markers_before_the_first_record_do_not_count() -> None:
    assert lag_of(offsets(5), head(5, 8), NOW_MS) == Lag(2, 7.0)


def test_a_record_that_came_after_the_end_was_asked_for_counts_the_next_time() -> None:
    assert lag_of(offsets(9), head(9, 10), NOW_MS) == ALL


def test_what_is_in_an_open_transaction_may_not_be_taken_yet() -> None:
    assert lag_of(offsets(10, stable=10, end=500), None, NOW_MS) == ALL


def test_where_nobody_could_read_the_age_is_not_known_but_the_offsets_are() -> None:
    assert lag_of(offsets(4), None, NOW_MS) == Lag(6, None)
    assert lag_of(offsets(4), Stretch(4, 4), NOW_MS) == Lag(6, None)
    assert lag_of(offsets(4), Stretch(4, 8), NOW_MS) == Lag(2, None)


def test_a_record_without_a_time_has_no_age_and_one_of_the_future_is_new() -> None:
    assert lag_of(offsets(4), Stretch(4, 4, -1), NOW_MS) == Lag(6, None)
    assert lag_of(offsets(4), head(4, 4, -60_000), NOW_MS) == Lag(6, 0.0)


def test_a_group_that_has_never_committed_begins_at_the_start() -> None:
    fresh = offsets(None, start=3)

    assert (fresh.next, fresh.lost) == (3, 0)
    assert lag_of(fresh, head(3, 3), NOW_MS) == Lag(7, 7.0)
    assert lag_of(offsets(None, start=10), None, NOW_MS) == ALL
    assert lag_of(offsets(None, start=0, stable=0), None, NOW_MS) == ALL


@pytest.mark.parametrize(
    ("committed", "start", "lost"), [(4, 3, 0), (4, 4, 0), (4, 5, 1), (4, 10, 6), (None, 10, 0)]
)
def test_what_retention_deleted_before_it_was_taken_is_lost(
    committed: int | None, start: int, lost: int
) -> None:
    given = offsets(committed, start)

    assert given.lost == lost
    assert given.next >= start


def test_behind_what_was_lost_the_group_goes_on_at_the_start() -> None:
    assert lag_of(offsets(4, start=6), head(6, 6), NOW_MS) == Lag(4, 7.0)


def test_a_group_beyond_the_end_takes_nothing_and_is_told_of() -> None:
    anew = offsets(400, stable=10)

    assert anew.is_beyond
    assert lag_of(anew, None, NOW_MS) == ALL
    assert not offsets(10, stable=10).is_beyond
    assert not offsets(None, stable=0).is_beyond


@pytest.mark.parametrize(
    ("stretch", "tells"),
    [
        (head(4, 8), True),
        (head(2, 8), True),  # Committed on, over markers.
        (head(2, 4), True),
        (head(2, 3), False),  # The record was taken.
        (head(5, 8), False),  # The group was set back.
        (Stretch(4, 10), True),
        (head(4, 10), False),  # The topic ends before it: made anew.
        (Stretch(4, 11), False),
    ],
)
def test_what_was_seen_holds_as_long_as_the_group_goes_on_there(
    stretch: Stretch, *, tells: bool
) -> None:
    assert stretch.tells_of(offsets(4)) == tells


def test_a_stretch_that_shows_a_record_or_the_end_need_not_be_read_on() -> None:
    assert head(4, 6).reaches(10)
    assert Stretch(4, 10).reaches(10)
    assert not Stretch(4, 9).reaches(10)


numbers = st.integers(0, 40)
all_offsets = st.builds(
    lambda committed, start, more: Offsets(committed, start, start + more, start + more),
    st.none() | numbers, numbers, numbers,
)  # fmt: skip
stretches = st.builds(
    lambda begin, length, at_ms: Stretch(begin, begin + length, at_ms),
    numbers, numbers, st.none() | st.integers(-5, 10**13),
)  # fmt: skip


@given(all_offsets, stretches)
def test_a_lag_is_never_negative_and_is_zero_where_nothing_is_to_be_taken(
    of: Offsets, stretch: Stretch
) -> None:
    lag = lag_of(of, stretch if stretch.tells_of(of) else None, NOW_MS)

    assert 0 <= lag.records <= of.stable - of.start
    assert lag.seconds is None or lag.seconds >= 0
    if lag.records == 0 or of.next >= of.stable:
        assert lag == ALL
