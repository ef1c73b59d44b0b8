"""Billing: what is owed of which month, and how the account pays at any time, folded from its ledger.

The mode at a call's start says whether it is paid later: then the month in which it starts, in the account's time zone,
owes what lots do not pay. How the account pays now is an entry of its own, as soon as anything reaches the account
after it has changed; the fold works it out anew after every record.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.account_state import NEVER_MS, StoredBilling
from rater.reconcile.folds.clocks import Clocks
from rater.reconcile.folds.returned_money import Original
from rater.reconcile.folds.standing import KEPT_MS
from rater.reconcile.folds.turns import forget
from topics import records as r

_DAY_MS = 86_400_000
Modes = dict[int, tuple[bool, int, int]]
"""By instant whether the account pays later from then on, the entry's number, and the limit; 0: none."""


class State(NamedTuple):
    """How an account pays now."""

    pays_later: bool = False
    limit: int = 0
    is_reached: bool = False


class Credit(NamedTuple):
    """What is owed of a month, and its limit; none: only a mode that is still to come has one."""

    owed: int
    limit: int | None
    month: str
    ahead: int
    """What is owed of later months already."""


_STATES = {"prepaid": (False, False), "post_paid": (True, False), "limit_reached": (True, True)}


class Billing:
    """One account's, as far as the ledger has been folded."""

    def __init__(self, modes: Modes) -> None:
        """Begin with nothing owed; the modes are those of the contract."""
        self.modes = modes
        self.owed: dict[str, int] = {}
        self.now = State()
        self.look_ms = NEVER_MS
        self.said_ms = 0
        self.turns: list[tuple[int, State]] = []
        """How it paid after which entry."""
        self._owed_after: dict[str, list[tuple[int, int]]] = {}
        """What was owed of a month after which entry."""
        self._last: tuple[tuple[str, int], int] | None = None
        """Source and time of the entry before."""

    def stored(self) -> StoredBilling | None:
        """Return how it pays as the accounts' changelog has it; nothing where that was never said."""
        if self.look_ms == NEVER_MS and not self.said_ms:
            return None
        return StoredBilling(*self.now, self.look_ms, self.said_ms)

    def at(self, seq: int) -> State:
        """Return how the account paid after an entry."""
        index = bisect_right(self.turns, seq, key=lambda turn: turn[0])
        return self.turns[index - 1][1] if index else State()

    def forget(self, seq: int) -> None:
        """Forget how it paid, and what was owed, before an entry."""
        forget(self.turns, seq)
        self._owed_after = {m: turns for m, turns in self._owed_after.items() if m in self.owed}
        for turns in self._owed_after.values():
            forget(turns, seq)

    def credit_at(self, seq: int, at_ms: int, modes: Modes, clocks: Clocks | None) -> Credit | None:
        """Return what is owed of the month of an instant after an entry; None: of no month is there a limit."""
        if not modes:
            return None
        later, _, limit = self._mode_at(at_ms, modes)
        limit = limit if later else 0
        if not limit and not any(since > at_ms and modes[since][2] for since in modes):
            return None
        month = _month(at_ms, clocks)
        later_months = [each for each in self._owed_after if each > month]
        ahead = sum(self._owed_at(each, seq) for each in later_months)
        return Credit(self._owed_at(month, seq), limit or None, month, ahead)

    def _owed_at(self, month: str, seq: int) -> int:
        turns = self._owed_after.get(month, [])
        index = bisect_right(turns, seq, key=lambda turn: turn[0])
        return turns[index - 1][1] if index else 0

    def _note(self, month: str, seq: int) -> None:
        self._owed_after.setdefault(month, []).append((seq, self.owed[month]))

    def begin(self, entry: Any) -> None:
        """Take what a month carries forward."""
        self.owed = {each.month: each.owed_micros for each in entry.owed}
        for month in self.owed:
            self._note(month, entry.seq - 1)
        if (said := entry.billing) is not None:
            later, reached = _STATES[said.state]
            self.now = State(later, said.credit_limit_micros or 0, reached)
            self.look_ms = NEVER_MS if said.until_ms is None else said.until_ms
            self.said_ms = said.said_ms
            self.turns.append((entry.seq - 1, self.now))

    def owing_month(self, entry: Any, clocks: Clocks | None) -> str | None:
        """Return the month that owes what lots do not pay of a charge; None where it is prepaid."""
        if entry.kind != "charge" or not self.modes:
            return None
        call = entry.call
        started_ms = call.answered_ms if call.started_ms is None else call.started_ms
        return _month(started_ms, clocks) if self._mode_at(started_ms)[0] else None

    def _mode_at(self, at_ms: int, modes: Modes | None = None) -> tuple[bool, int, int]:
        known = self.modes if modes is None else modes
        if not known:
            return False, 0, 0
        begun = [since for since in known if since <= at_ms]
        return known[max(begun)] if begun else (False, 0, 0)

    def take(
        self, entry: Any, original: Original | None, clocks: Clocks | None
    ) -> Iterator[Complaint]:
        """Fold one entry; complain of what it could not have been."""
        match entry.kind:
            case "charge":
                self._owe(entry)
            case "charge_reversed":
                yield from self._give_back(entry, original)
            case "billing_mode_set":
                if entry.valid_from_ms > entry.at_ms:
                    self.look_ms = min(self.look_ms, entry.valid_from_ms)
            case "billing_state_changed":
                yield from self._say(entry, clocks)

    def come_to(self, entry: Any, clocks: Clocks | None) -> Iterator[Complaint]:
        """Come to an entry that is yet to be folded: after the record before all must have been said."""
        source = (entry.source_topic, entry.source_offset)
        if self._last is not None and self._last[0] != source:
            yield from self.still_to_say(clocks)
        self._last = source, entry.at_ms

    def still_to_say(self, clocks: Clocks | None) -> Iterator[Complaint]:
        """Complain where what was said last is not so any more after a whole record."""
        if self._last is None or not (self.modes or self.now.pays_later):
            return
        now_ms = max(self._last[1], self.said_ms)
        expected = self._found(now_ms, clocks)
        if expected != self.now:
            yield Complaint("billing_state_changed", tuple(expected), tuple(self.now))
        if now_ms >= self.look_ms:
            yield Complaint("billing_state_changed", f"one at {self.look_ms}", "nothing")

    def _found(self, now_ms: int, clocks: Clocks | None) -> State:
        later, _, limit = self._mode_at(now_ms)
        if not later:
            return State()
        owed = self.owed.get(_month(now_ms, clocks), 0) if limit else 0
        return State(later, limit, bool(limit) and owed >= limit)

    def _owe(self, entry: Any) -> None:
        for draw in entry.draws:
            if draw.source == "post_paid":
                month = draw.id or ""
                if month not in self.owed:
                    oldest = f"{_instant(entry.at_ms - KEPT_MS - _DAY_MS):%Y-%m}"
                    self.owed = {m: owed for m, owed in self.owed.items() if m >= oldest}
                self.owed[month] = self.owed.get(month, 0) + (draw.amount_micros or 0)
                self._note(month, entry.seq)

    def _give_back(self, entry: Any, original: Original | None) -> Iterator[Complaint]:
        found = [(b.id, b.amount_micros) for b in entry.returns if b.source == "post_paid"]
        if isinstance(original, r.Charge):
            drawn = [d for d in reversed(original.draws) if d.source == "post_paid"]
            wanted = [(draw.id, draw.amount_micros) for draw in drawn]
            if wanted != found:
                yield Complaint("returns", f"off what is owed of {wanted}", found)
        for month, micros in found:
            if month in self.owed:
                self.owed[month] -= micros or 0
                self._note(month, entry.seq)
                if self.owed[month] < 0:
                    yield Complaint("returns", f"at most what is owed of {month}", micros)

    def _say(self, entry: Any, clocks: Clocks | None) -> Iterator[Complaint]:
        now_ms = max(entry.at_ms, self.said_ms)
        expected = self._found(now_ms, clocks)
        later, reached = _STATES[entry.state]
        found = State(later, entry.credit_limit_micros or 0, reached)
        if found != expected:
            yield Complaint("state, credit_limit_micros", tuple(expected), tuple(found))
        if expected == self.now and now_ms < self.look_ms:
            yield Complaint("kind", "nothing, for nothing has changed", entry.kind)
        month = _month(now_ms, clocks) if expected.limit else None
        owed = None if month is None else self.owed.get(month, 0)
        if (entry.month, entry.owed_micros) != (month, owed):
            said = (entry.month, entry.owed_micros)
            yield Complaint("month, owed_micros", (month, owed), said)
        next_ms = min([since for since in self.modes if since > now_ms], default=NEVER_MS)
        until_ms = NEVER_MS if entry.until_ms is None else entry.until_ms
        ends = month is not None and reached and month_ends(month, until_ms, clocks)
        if until_ms > next_ms or (until_ms < next_ms and not ends):
            yield Complaint("until_ms", f"{next_ms}, or the end of the month", entry.until_ms)
        is_after = until_ms == NEVER_MS or _month(until_ms - 1, clocks) != month
        if reached and month is not None and is_after:
            yield Complaint("until_ms", f"the end of {month}", entry.until_ms)
        self.now, self.look_ms, self.said_ms = found, until_ms, now_ms
        self.turns.append((entry.seq, found))


def month_ends(month: str, at_ms: int, clocks: Clocks | None) -> bool:
    """Say whether a month ends at an instant."""
    if at_ms == NEVER_MS:
        return False
    return _month(at_ms - 1, clocks) == month != _month(at_ms, clocks)


def _month(at_ms: int, clocks: Clocks | None) -> str:
    """Return the month of an instant by the account's clocks; where these are not known by UTC."""
    return f"{_instant(at_ms):%Y-%m}" if clocks is None else clocks.month(at_ms)


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms)
