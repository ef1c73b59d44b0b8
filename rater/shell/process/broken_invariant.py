"""Broken invariant: why a partition halts that has a name in the metrics (D9)."""


class BrokenInvariantError(AssertionError):
    """What a step was about to write does not add up; `invariant` is the label of its metric."""

    def __init__(self, invariant: str, message: str) -> None:
        super().__init__(message)
        self.invariant = invariant
