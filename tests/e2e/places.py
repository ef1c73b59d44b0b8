"""The places of a step at which a test has a worker killed: in CI two, drawn anew by each run; by `make kill` all.

One of the two lies before the commit, where nothing has happened yet, and one behind it, where all has.
pytest-randomly seeds the draw: the seed that a run names first draws the same again (`-p randomly_seed=N`).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMITTED = ("before_apply", "after_apply")
"""What lies behind the commit."""
TWO_OR_ALL = pytest.mark.parametrize("extent", ["two", pytest.param("all", marks=pytest.mark.slow)])


def places(failpoints: Sequence[str], extent: str) -> tuple[str, ...]:
    """Return all places of a step, or two of them."""
    if extent == "all":
        return tuple(failpoints)
    behind = [name for name in failpoints if name.endswith(COMMITTED)]
    before = [name for name in failpoints if name not in behind]
    drawn = random.choice(before), random.choice(behind)
    print(f"killed at {drawn}")
    return drawn
