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
