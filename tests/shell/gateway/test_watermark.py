"""The watermark: offsets are given up in order, whatever the order in which commands finish."""

from hypothesis import given
from hypothesis import strategies as st

from rater.shell.gateway.watermark import Watermark


def test_nothing_is_due_before_the_first_is_finished() -> None:
    mark = Watermark()
    assert mark.due() is None
    for offset in (5, 7, 8):
        mark.start(offset)
    mark.finish(7)

    assert mark.due() is None
    assert mark.position == 5


def test_a_gap_between_offsets_does_not_hold_it_up() -> None:
    mark = Watermark()
    for offset in (5, 7, 8):
        mark.start(offset)
    mark.finish(7)
    mark.finish(5)
    assert mark.due() == 8

    mark.committed(8)
    assert mark.due() is None
    mark.finish(8)
    assert mark.due() == 9


@given(st.permutations(range(8)))
def test_it_never_passes_an_unfinished_command(order: list[int]) -> None:
    mark = Watermark()
    for offset in range(8):
        mark.start(offset)
    for done, offset in enumerate(order, 1):
        mark.finish(offset)
        assert mark.position == min(set(range(9)) - set(order[:done]))


def test_it_follows_over_what_is_no_record_but_never_over_one_at_work() -> None:
    mark = Watermark()
    mark.begin(4)
    mark.start(4)
    mark.read_up_to(6)
    assert (mark.position, mark.due()) == (4, None)

    mark.finish(4)
    assert (mark.position, mark.due()) == (6, 6)
    mark.read_up_to(5)
    assert mark.position == 6


def test_where_nothing_was_read_only_what_lies_behind_the_last_commit_is_due() -> None:
    mark = Watermark()
    assert not mark.begun
    mark.begin(5)
    assert mark.begun
    mark.read_up_to(5)
    assert (mark.position, mark.due()) == (5, None)

    mark.read_up_to(6)
    assert (mark.position, mark.due()) == (6, 6)


@given(st.lists(st.sampled_from(["record", "marker", "finish", "read"]), max_size=40), st.randoms())
def test_it_never_passes_a_record_that_is_at_work_or_not_started(
    steps: list[str], draw: object
) -> None:
    mark, end, read, at_work = Watermark(), 0, 0, list[int]()
    mark.begin(0)
    records = set[int]()
    for step in steps:
        if step in ("record", "marker"):
            records |= {end} if step == "record" else set()
            end += 1
        elif step == "finish" and at_work:
            mark.finish(at_work.pop(draw.randrange(len(at_work))))  # type: ignore[attr-defined]
        elif step == "read":
            for offset in sorted(each for each in records if each >= read):
                mark.start(offset)
                at_work.append(offset)
            read = end
            mark.read_up_to(read)
        assert mark.position in (None, min([*at_work, read]))
