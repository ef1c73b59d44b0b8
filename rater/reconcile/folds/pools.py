"""Pools: the seconds that plans have paid, by pool, folded from what charges draw on them and what comes back.

A charge names what each pool pays twice, as a draw and as a line, in whole units of the plan, and by which entry about
licences and which version of the plan catalog. A pool is of the month in which the call starts, in the account's time
zone. What a pool had left, and whether it had to pay, is held by `pool_draws`.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.books import BalanceEntry
from rater.reconcile.folds.pool_prices import OF_POOLS, hold_prices
from rater.reconcile.folds.returned_money import Original
from rater.reconcile.folds.standing import KEPT_MS
from rater.reconcile.folds.turns import forget
from topics import records as r

_DAY_MS = 86_400_000


class Pools:
    """One account's, as far as the ledger has been folded."""

    def __init__(self) -> None:
        """Begin with nothing used."""
        self.used_s: dict[str, int] = {}
        self.own_s: dict[str, int] = {}
        """Of pools that users have alone; `user_counts` holds these."""
        self.history: dict[str, list[tuple[int, int]]] = {}
        """What was used of each after an entry that changed it, by its number."""

    def used_at(self, seq: int) -> dict[str, int]:
        """Return what was used of each pool after an entry."""
        found: dict[str, int] = {}
        for name, known in self.history.items():
            index = bisect_right(known, seq, key=lambda each: each[0])
            if index:
                found[name] = known[index - 1][1]
        return found

    def forget(self, seq: int) -> None:
        """Forget what was used of each before an entry."""
        self.history = {name: known for name, known in self.history.items() if name in self.used_s}
        for known in self.history.values():
            forget(known, seq)

    def begin(self, used_s: dict[str, int], seq: int) -> None:
        """Take what a month carries forward."""
        for name, used in used_s.items():
            self._set(name, used, seq)

    def _set(self, name: str, used: int, seq: int) -> None:
        self.used_s[name] = used
        self.history.setdefault(name, []).append((seq, used))

    def take(
        self, entry: BalanceEntry, original: Original | None, month: str | None
    ) -> Iterator[Complaint]:
        """Fold one entry, a charge with the month of its call; complain of what it could not have been."""
        if entry.kind == "charge":
            yield from self._charge(entry, month)
        elif entry.kind == "charge_reversed":
            yield from self._give_back(entry, original)

    def _charge(self, entry: r.Charge, month: str | None) -> Iterator[Complaint]:
        draws = [draw for draw in entry.draws if draw.source == "pool"]
        lines = [line for line in entry.lines if line.kind == "pool"]
        names = (entry.plan_version, entry.entitlement_seq)
        if not draws:
            if names != (None, None) or any(each.kind in OF_POOLS for each in entry.lines):
                yield Complaint("draws", "one on a pool for each line of one", entry.draws)
            return
        yield from _hold_form(entry, draws, lines)
        yield from hold_prices(entry)
        for draw in draws:
            name, seconds = draw.id or "", draw.quantity or 0
            if month is not None and not name.startswith(f"{month}/"):
                yield Complaint("draws", f"on pools of {month}", name)
            if is_own(name):
                self.own_s[name] = self.own_s.get(name, 0) + seconds
                continue
            if name not in self.used_s:
                self._forget(entry.at_ms)
            self._set(name, self.used_s.get(name, 0) + seconds, entry.seq)

    def _forget(self, at_ms: int) -> None:
        """Forget the pools of months of which no call comes any more."""
        oldest = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms - KEPT_MS - _DAY_MS)
        self.used_s = {
            name: used for name, used in self.used_s.items() if name >= f"{oldest:%Y-%m}"
        }

    def _give_back(self, entry: r.ChargeReversed, original: Original | None) -> Iterator[Complaint]:
        found = [
            (back.id, back.quantity)
            for back in entry.returns
            if back.source == "pool" and not is_own(back.id)
        ]
        if isinstance(original, r.Charge):
            wanted = [
                (draw.id, draw.quantity)
                for draw in reversed(original.draws)
                if draw.source == "pool" and draw.id in self.used_s and not is_own(draw.id)
            ]
            if wanted != found:
                yield Complaint("returns", f"to pools {wanted}", found)
        for back in entry.returns:
            if is_own(back.id):
                self.own_s[back.id or ""] = self.own_s.get(back.id or "", 0) - (back.quantity or 0)
        for name, seconds in found:
            left = self.used_s.get(name or "", 0) - (seconds or 0)
            if left < 0:
                yield Complaint("returns", f"at most what {name} has paid", seconds)
            self._set(name or "", left, entry.seq)


def draws_on_pools(entry: BalanceEntry) -> bool:
    """Say whether pools pay of an entry: it is a charge, then."""
    return entry.kind == "charge" and any(draw.source == "pool" for draw in entry.draws)


def is_own(name: str | None) -> bool:
    """Say by its name whether a pool is a user's own: it is kept in the user's row (`proofs/account/user_counts`)."""
    return "/user=" in (name or "")


def _hold_form(
    entry: r.Charge, draws: list[r.Draw], lines: list[r.ChargeLine]
) -> Iterator[Complaint]:
    """Hold draws on pools against their lines, and what else a charge says where pools pay."""
    if list(entry.draws[: len(draws)]) != draws:
        yield Complaint("draws", "those on pools first", entry.draws)
    said = [(draw.amount_micros, draw.grace, draw.quantity) for draw in draws]
    asked = [(None, False, line.quantity) for line in lines]
    if said != asked:
        yield Complaint("draws", f"what the lines of pools say: {asked}", said)
    if len({draw.id for draw in draws}) != len(draws):
        yield Complaint("draws", "each pool once", [draw.id for draw in draws])
    for line in lines:
        plain = (line.amount_micros, line.rate_nanos, line.spans) == (0, None, ())
        if not plain or line.quantity % line.per or not line.quantity:
            yield Complaint("lines", "whole units of a pool, for no money", line)
    paid = sum(line.quantity for line in lines)
    if lines and paid - lines[-1].per >= entry.call.duration_s:
        yield Complaint("lines", f"pools for {entry.call.duration_s} s, no unit more", paid)
    if entry.plan_version is None or not 0 < (entry.entitlement_seq or 0) < entry.seq:
        names = (entry.plan_version, entry.entitlement_seq)
        yield Complaint("plan_version, entitlement_seq", "both, of before", names)


def started_ms(entry: r.Charge) -> int:
    """Return when the call of a charge started."""
    call = entry.call
    return call.answered_ms if call.started_ms is None else call.started_ms
