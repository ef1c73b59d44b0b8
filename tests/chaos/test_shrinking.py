"""A schedule that fails is made as short as what makes it fail, in few tries, and stays in its order."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.shrinking import shrunk


@given(st.integers(1, 40), st.data())
def test_what_is_left_is_what_makes_it_fail(length: int, data: st.DataObject) -> None:
    guilty = data.draw(st.sets(st.integers(0, length - 1), min_size=1, max_size=3))

    def fails(part: Sequence[int]) -> bool:
        return guilty <= set(part)

    assert shrunk(range(length), fails, tries=1_000) == sorted(guilty)


@pytest.mark.parametrize("tries", [0, 1, 5])
def test_so_many_tries_and_no_more_and_what_is_left_still_fails(tries: int) -> None:
    asked: list[list[int]] = []

    def fails(part: Sequence[int]) -> bool:
        asked.append(list(part))
        return 13 in part

    left = shrunk(range(30), fails, tries)

    assert len(asked) <= tries
    assert 13 in left
    assert left == sorted(left)


def test_what_never_fails_again_is_left_as_it_is() -> None:
    assert shrunk([1, 2, 3], lambda _: False, 50) == [1, 2, 3]
