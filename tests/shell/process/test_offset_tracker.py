"""The offset tracker: offsets are given up in order, whatever the order in which records finish."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.shell.process.offset_tracker import OffsetTracker


def test_nothing_is_due_before_the_first_is_finished() -> None:
    tracker = OffsetTracker()
    assert tracker.due() is None
    for offset in (5, 7, 8):
        tracker.start(offset)
    tracker.finish(7)

    assert tracker.due() is None
    assert tracker.position == 5


def test_a_gap_between_offsets_does_not_hold_it_up() -> None:
    tracker = OffsetTracker()
    for offset in (5, 7, 8):
        tracker.start(offset)
    tracker.finish(7)
    tracker.finish(5)
    assert tracker.due() == 8

    tracker.committed(8)
    assert tracker.due() is None
    tracker.finish(8)
    assert tracker.due() == 9


@given(st.permutations(range(8)))
def test_it_never_passes_an_unfinished_record(order: list[int]) -> None:
    tracker = OffsetTracker()
    for offset in range(8):
        tracker.start(offset)
    for done, offset in enumerate(order, 1):
        tracker.finish(offset)
        assert tracker.position == min(set(range(9)) - set(order[:done]))


def test_it_follows_over_what_is_no_record_but_never_over_one_at_work() -> None:
    tracker = OffsetTracker()
    tracker.begin(4)
    tracker.start(4)
    tracker.read_up_to(6)
    assert (tracker.position, tracker.due()) == (4, None)

    tracker.finish(4)
    assert (tracker.position, tracker.due()) == (6, 6)
    tracker.read_up_to(5)
    assert tracker.position == 6


def test_where_nothing_was_read_only_what_lies_behind_the_last_commit_is_due() -> None:
    tracker = OffsetTracker()
    assert not tracker.begun
    tracker.begin(5)
    assert tracker.begun
    tracker.read_up_to(5)
    assert (tracker.position, tracker.due()) == (5, None)

    tracker.read_up_to(6)
    assert (tracker.position, tracker.due()) == (6, 6)


@given(st.lists(st.sampled_from(["record", "marker", "finish", "read"]), max_size=40), st.randoms())
def test_it_never_passes_a_record_that_is_at_work_or_not_started(
    steps: list[str], draw: object
) -> None:
    tracker, end, read, at_work = OffsetTracker(), 0, 0, list[int]()
    tracker.begin(0)
    records = set[int]()
    for step in steps:
        if step in ("record", "marker"):
            records |= {end} if step == "record" else set()
            end += 1
        elif step == "finish" and at_work:
            tracker.finish(at_work.pop(draw.randrange(len(at_work))))  # type: ignore[attr-defined]
        elif step == "read":
            for offset in sorted(each for each in records if each >= read):
                tracker.start(offset)
                at_work.append(offset)
            read = end
            tracker.read_up_to(read)
        assert tracker.position in (None, min([*at_work, read]))


@given(st.sets(st.integers(0, 1_000), max_size=30, min_size=1), st.randoms())
def test_offsets_may_have_gaps_anywhere(offsets: set[int], draw: object) -> None:
    tracker = OffsetTracker()
    for offset in sorted(offsets):
        tracker.start(offset)
    left = sorted(offsets)
    order = list(offsets)
    draw.shuffle(order)  # type: ignore[attr-defined]
    for offset in order:
        tracker.finish(offset)
        left.remove(offset)
        assert tracker.position == (left[0] if left else max(offsets) + 1)
        assert tracker.at_work == len(left)


def test_the_oldest_time_is_that_of_the_first_record_at_work() -> None:
    tracker = OffsetTracker()
    before = tracker.oldest_ms
    tracker.start(4, 1_000)
    tracker.start(5, 900)
    first = tracker.oldest_ms
    tracker.finish(4)

    assert (before, first, tracker.oldest_ms) == (None, 1_000, 900)


def test_an_offset_is_started_once_and_in_order() -> None:
    tracker = OffsetTracker()
    tracker.start(4)
    for offset in (4, 3):
        with pytest.raises(AssertionError):
            tracker.start(offset)
