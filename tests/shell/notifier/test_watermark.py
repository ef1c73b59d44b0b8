"""The watermark: contiguous, whatever the order in which records are handled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.shell.notifier.watermark import Watermark


@given(st.sets(st.integers(0, 1_000), max_size=30), st.randoms())
def test_it_is_the_first_offset_that_is_not_handled(offsets: set[int], draw: object) -> None:
    watermark = Watermark()
    for offset in sorted(offsets):
        watermark.take(offset)
    left = sorted(offsets)
    order = list(offsets)
    draw.shuffle(order)  # type: ignore[attr-defined]
    for offset in order:
        watermark.handled(offset)
        left.remove(offset)
        assert watermark.next_offset == (left[0] if left else max(offsets) + 1)
        assert watermark.waiting == len(left)


def test_it_follows_over_what_is_no_record_but_never_over_one_that_waits() -> None:
    watermark = Watermark()
    watermark.take(4)
    watermark.read_up_to(9)
    assert watermark.next_offset == 4
    watermark.handled(4)
    assert watermark.next_offset == 9


def test_an_offset_is_taken_once() -> None:
    watermark = Watermark()
    watermark.take(4)
    with pytest.raises(AssertionError):
        watermark.take(4)
