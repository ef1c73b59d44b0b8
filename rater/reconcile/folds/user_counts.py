"""User counts: what a ledger says of each user's money and own pools, by month.

Counted is what comes after the entry that set the user first: the money of outgoing calls, less what was waived, in the
month in which they started by the account's clocks; and the seconds of pools that the user has alone. What is taken
back is taken off again, but for charges of before that entry.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.clocks import Clocks
from rater.reconcile.folds.pools import is_own, started_ms
from rater.reconcile.folds.purse_lots import is_waived
from rater.reconcile.folds.standing import KEPT_MS
from topics import records as r

_DAY_MS = 86_400_000


@dataclass(slots=True)
class UserCounts:
    """One user's, as far as the ledger has been folded."""

    since_seq: int
    spent: dict[str, int] = field(default_factory=dict)
    used_s: dict[str, int] = field(default_factory=dict)

    def charge(self, entry: r.Charge, clocks: Clocks) -> Iterator[Complaint]:
        """Count a charge."""
        user_id = whose(entry.call)
        for draw in entry.draws:
            if draw.source == "pool" and is_own(draw.id):
                if not (draw.id or "").endswith(f"/user={user_id}"):
                    yield Complaint("draws", f"on pools of {user_id}", draw.id)
                _add(self.used_s, draw.id or "", draw.quantity or 0, entry.at_ms)
        micros = _money(entry)
        if micros:
            _add(self.spent, clocks.month(started_ms(entry)), micros, entry.at_ms)

    def give_back(
        self, entry: r.ChargeReversed, original: r.Charge | None, clocks: Clocks
    ) -> Iterator[Complaint]:
        """Count a charge back; one that is gone was of a month of before."""
        for back in entry.returns:
            if back.source == "pool" and is_own(back.id):
                _add(self.used_s, back.id or "", -(back.quantity or 0), entry.at_ms)
        if original is None or original.seq < self.since_seq:
            return
        month, micros = clocks.month(started_ms(original)), _money(original)
        if micros and month in self.spent:
            _add(self.spent, month, -micros, entry.at_ms)
            if self.spent[month] < 0:
                yield Complaint("reverses", f"at most what {month} has cost", micros)


def whose(call: r.ChargedCall) -> str | None:
    """Return whose call it was: of a conference its organizer's, any other its user's; else the one who is named."""
    if (call.call_type or "").lower().startswith("conf"):
        return call.organizer_id or call.user_id
    return call.user_id or call.organizer_id


def _money(entry: r.Charge) -> int:
    return 0 if entry.call.direction != "out" or is_waived(entry) else entry.charge_micros


def _add(counted: dict[str, int], name: str, more: int, at_ms: int) -> None:
    if name not in counted:
        oldest = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms - KEPT_MS - _DAY_MS)
        for old in [each for each in counted if each < f"{oldest:%Y-%m}"]:
            del counted[old]
    counted[name] = counted.get(name, 0) + more
