"""Dated: what holds from an instant on, until something else does. Changes are given in the order of their dates."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Dated(Generic[T]):
    """One value after the other; of two dated alike the later given holds."""

    def __init__(self, first: T) -> None:
        """Take what has always held."""
        self._first = first
        self._later: list[tuple[int, T]] = []

    def change(self, from_s: int, value: T) -> None:
        """Let something else hold from an instant on, seconds since 1970; one before the last change: ValueError."""
        if self._later and from_s < self._later[-1][0]:
            raise ValueError(f"from_s: {from_s}, must not be before {self._later[-1][0]}")
        self._later.append((from_s, value))

    def at(self, second: int) -> T:
        """Return what holds at an instant."""
        for from_s, value in reversed(self._later):
            if from_s <= second:
                return value
        return self._first

    @property
    def last(self) -> T:
        """What holds in the end."""
        return self._later[-1][1] if self._later else self._first
