"""Longest: for how many seconds a call can be paid; found by pricing few durations, exact for every deck.

Rule 1: what a call costs never falls with its seconds, and what there is to pay it never rises: a lot may die in
        between. So of two durations with the first payable and the second not, the border lies between them.
Rule 2: guesses alone decide how soon it is found: where pools end; where a straight line between two prices meets the
        balance and, every other time, the middle; and after each of these where its increment ends. So there are at
        most six guesses for each of the 22 halvings, and about ten in all.
"""

from collections.abc import Callable
from typing import Final, TypeAlias, final

from rater.core.pricing.rated import Rated
from rater.core.value import Value


@final
class Probe(Value):
    """A duration, and what is left of the money when it is paid."""

    __match_args__ = ("seconds", "spare", "paid_s", "billed_s", "rated")
    __slots__ = __match_args__

    def __init__(
        self, seconds: int, spare: int | None, paid_s: int, billed_s: int, rated: Rated | None
    ) -> None:
        self.seconds: Final = seconds
        self.spare: Final = spare
        """Micros; below 0 where the money does not pay it; None where it has no price."""
        self.paid_s: Final = paid_s
        """What pools pay of it, in whole units."""
        self.billed_s: Final = billed_s
        """What money is billed for, in whole increments."""
        self.rated: Final = rated

    @property
    def is_payable(self) -> bool:
        """Tell whether the call can be paid for so long."""
        return self.spare is not None and self.spare >= 0


Look: TypeAlias = Callable[[int], Probe]


def longest(look: Look, first: Probe, most_s: int) -> Probe:
    """Return the longest duration that is payable, up to `most_s`; `first` is payable."""
    if first.seconds >= most_s:
        return first
    low, high = first, look(most_s)
    if high.is_payable:
        return high
    guesses = [high.paid_s, high.paid_s + 1]
    is_middle = False
    while high.seconds - low.seconds > 1:
        guess, is_end = _next(guesses, low, high), True
        if guess is None:
            guess, is_end = (low.seconds + high.seconds) // 2, False
            if not is_middle:
                guess = _crossing(low, high)
            is_middle = not is_middle
        found = look(guess)
        if not found.is_payable:
            high = found
            continue
        low = found
        if not is_end:
            end = found.paid_s + found.billed_s
            guesses = [end, end + 1]
    return low


def _next(guesses: list[int], low: Probe, high: Probe) -> int | None:
    """Take the next guess that lies between two durations; None where there is none."""
    while guesses:
        guess = guesses.pop(0)
        if low.seconds < guess < high.seconds:
            return guess
    return None


def _crossing(low: Probe, high: Probe) -> int:
    """Return the duration at which a straight line between two prices meets the balance, or else the middle."""
    gap_s = high.seconds - low.seconds
    if not low.spare or high.spare is None:
        return low.seconds + gap_s // 2
    part = gap_s * low.spare // (low.spare - high.spare)
    return low.seconds + min(max(part, 1), gap_s - 1)
