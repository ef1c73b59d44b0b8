"""Past: what an account was before its last changes, for calls that were answered then and come late.

Rule 1: the answer decides by which decks a call is priced, and whether the account was open. What is set holds from
        the time of its command on.
Rule 2: what was in force for no time at all is not kept.
Rule 3: what ended so long ago that no call of then is taken any more is forgotten. Of what is left CHANGES_MAX are
        kept of each kind; a change beyond that is refused, for what is forgotten could price a call wrongly.
"""

from typing import Final, final

from rater.core.limits import DAY_MS
from rater.core.rejections import Refusal, Rejected
from rater.core.value import Value

CHANGES_MAX: Final = 32

KEPT_MS: Final = (400 + 31 + 1) * DAY_MS
"""The longest window, the longest call, and the day by which a call may end after its record."""


@final
class Past(Value):
    """Intervals that are over, each kind from the oldest on; times in ms."""

    __match_args__ = ("settled_ms", "closures", "decks")
    __slots__ = __match_args__

    def __init__(
        self,
        settled_ms: int,
        closures: list[tuple[int, int]],
        decks: list[tuple[int, tuple[str, ...]]],
    ) -> None:
        self.settled_ms = settled_ms
        """Calls answered from then on need no look: what is so now was so then."""
        self.closures = closures
        """From when to before when the account was closed."""
        self.decks = decks
        """Before when which decks were the account's."""


def was_closed(past: Past, at_ms: int) -> bool:
    """Tell whether the account was closed at an instant, though it is open now."""
    return any(start <= at_ms < end for start, end in past.closures)


def decks_at(past: Past, at_ms: int, decks: tuple[str, ...]) -> tuple[str, ...]:
    """Return the decks that the account had at an instant; `decks` are those that it has now."""
    for until_ms, earlier in past.decks:
        if at_ms < until_ms:
            return earlier
    return decks


def without_the_oldest(past: Past | None, now_ms: int) -> Past:
    """Return the past without what no call can ask for."""
    if past is None:
        return Past(0, [], [])
    oldest_ms = now_ms - KEPT_MS
    return Past(
        past.settled_ms,
        [closure for closure in past.closures if closure[1] > oldest_ms],
        [change for change in past.decks if change[0] > oldest_ms],
    )


def too_many_changes(field: str, what: str) -> Refusal:
    """Refuse a change beyond those that are kept."""
    detail = f"{field}: {what} {CHANGES_MAX} times in {KEPT_MS // DAY_MS} days, the limit"
    return Refusal(Rejected.TOO_MANY_CHANGES, detail)
