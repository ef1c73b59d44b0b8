"""Contract: what a tenant is entitled to, and whether it pays later, folded from its ledger.

What is dated last at or before an instant holds then. Once another has followed 432 days ago it is let go, and so is
that there are no licences, where nothing was before.
"""

from bisect import bisect_right
from collections import ChainMap
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.account_state import StoredBillingMode, StoredContract, StoredEntitlement
from rater.reconcile.folds.billing import Billing, Modes
from rater.reconcile.folds.books import BalanceEntry
from rater.reconcile.folds.clocks import Clocks
from rater.reconcile.folds.pool_alerts import Alert, PoolAlerts, Used
from rater.reconcile.folds.pool_draws import Known, hold_draws, started_at
from rater.reconcile.folds.pool_sizes import Mine, held_at
from rater.reconcile.folds.pools import Pools, draws_on_pools
from rater.reconcile.folds.published import Published
from rater.reconcile.folds.returned_money import Original
from rater.reconcile.folds.standing import KEPT_MS
from rater.reconcile.folds.turns import forget
from rater.reconcile.folds.user_counts import whose
from rater.reconcile.reading.sources import SourceCdr, millis

ENTITLEMENTS_MAX = 512
MODES_MAX = 32
Plan = tuple[str, str, int]
"""Plan, country, and from when."""
Licences = dict[Plan, tuple[int, int]]


class Contract:
    """One account's, as far as the ledger has been folded."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.licences: Licences = {}
        """The licences, and the number of the entry that set them."""
        self.modes: Modes = {}
        self.billing = Billing(self.modes)
        self.clocks: Clocks | None = None
        """None where the entry is not there that says the time zone."""
        self.pools = Pools()
        self.users: dict[str, dict[int, tuple[str, tuple[str, ...]]]] = {}
        """The country and plans of each user, by the instant from which on they are held."""
        self.is_whole = True
        self.alerts = PoolAlerts()
        self.unlicensed_calls = "charge"
        self._unlicensed_after: list[tuple[int, str]] = []
        self.history: list[tuple[int, Licences, Modes]] = []
        """What was known after an entry that changed it, by its number."""

    def _say_unlicensed(self, seq: int, calls: str) -> None:
        self.unlicensed_calls = calls
        self._unlicensed_after.append((seq, calls))

    def unlicensed_at(self, seq: int) -> str:
        """Return what became of calls of the unlicensed after an entry."""
        index = bisect_right(self._unlicensed_after, seq, key=lambda said: said[0])
        return self._unlicensed_after[index - 1][1] if index else "charge"

    def forget(self, seq: int) -> None:
        """Forget what was known before an entry."""
        forget(self._unlicensed_after, seq)
        forget(self.history, seq)
        self.billing.forget(seq)
        self.pools.forget(seq)
        if self.clocks is not None:
            self.clocks.forget(seq)

    def known_at(self, seq: int) -> tuple[Licences, Modes]:
        """Return the licences and the billing modes that were known after an entry."""
        index = bisect_right(self.history, seq, key=lambda known: known[0])
        return self.history[index - 1][1:] if index else ({}, {})

    def stored(self) -> StoredContract:
        """Return it as the accounts' changelog has it, if it has one."""
        rows = [StoredEntitlement(*plan, *said) for plan, said in sorted(self.licences.items())]
        return StoredContract(
            rows,
            self._stored_modes(),
            self.pools.used_s,
            self.unlicensed_calls,
            self.billing.stored(),
            self.billing.owed,
            self.alerts.told_s,
            [] if self.clocks is None else [*self.clocks.kept],
        )

    def _stored_modes(self) -> list[StoredBillingMode]:
        return [StoredBillingMode(at_ms, *said) for at_ms, said in sorted(self.modes.items())]

    def begin(self, entry: Any) -> None:
        """Take what a month carries forward."""
        for each in entry.entitlements:
            plan = (each.plan_id, each.usage_country, each.valid_from_ms)
            self.licences[plan] = (each.licences, each.seq)
        for each in entry.billing_modes:
            limit = each.credit_limit_micros or 0
            self.modes[each.valid_from_ms] = (each.mode == "post_paid", each.seq, limit)
        self.billing.begin(entry)
        self.clocks = Clocks(entry.time_zone)
        self.clocks.begin(entry)
        self.pools.begin({each.pool: each.used_s for each in entry.pools}, entry.seq)
        self.alerts.told_s = {
            each.pool: (each.told_80_s, each.told_100_s)
            for each in entry.pools
            if each.told_80_s or each.told_100_s
        }
        self._say_unlicensed(entry.seq - 1, entry.unlicensed_calls)
        self.is_whole = False
        self._note(entry.seq)

    def _note(self, seq: int) -> None:
        self.history.append((seq, dict(self.licences), dict(self.modes)))

    def take_pools(
        self,
        entry: BalanceEntry,
        original: Original | None,
        published: Published,
    ) -> Iterator[Complaint]:
        """Fold what pools pay and get back; complain of what they could not."""
        month = None
        may_pay = bool(self.licences) or draws_on_pools(entry)
        if may_pay and entry.kind == "charge" and self.clocks is not None:
            month = self.clocks.month(started_at(entry.call))
            used_s = ChainMap(self.pools.used_s, self.pools.own_s)
            user_id = whose(entry.call) or ""
            mine = self._mine(user_id, started_at(entry.call))
            if self.is_whole or user_id in self.users or not user_id:
                known = Known(self.licences, used_s, month, mine)
                yield from hold_draws(entry, known, published)
        yield from self.pools.take(entry, original, month)

    def may_have_home(self, cdr: SourceCdr | None) -> bool:
        """Say whether it may be known where a call was made by its user, or by licences that are for one country."""
        if cdr is None:
            return True
        started_ms = millis(cdr.started_at)
        user_id = cdr.consumer or ""
        if not self.is_whole or self._mine(user_id, started_ms) is not None:
            return True
        return len({country for _, country in held_at(self.licences, started_ms)}) == 1

    def _mine(self, user_id: str, at_ms: int) -> Mine | None:
        """Return what a user held at an instant; None: there was none."""
        terms = self.users.get(user_id, {})
        since = max((begins for begins in terms if begins <= at_ms), default=None)
        return None if since is None else Mine(user_id, *terms[since])

    def alerts_of(
        self, entry: BalanceEntry, published: Published, found: set[Alert]
    ) -> list[Alert]:
        """Return what is told of pools that run out, after an entry that was folded; `found`: what was told."""
        if entry.kind != "entitlements_set" and not draws_on_pools(entry):
            self.alerts.keep(self.pools.used_s)
            return []
        mine = None
        if entry.kind == "charge":
            mine = self._mine(whose(entry.call) or "", entry.at_ms)
        known = Used(self.licences, self.pools, self.clocks, mine, self.is_whole)
        return self.alerts.of(entry, known, published.plans, found)

    def take(self, entry: Any, minute: int) -> Iterator[Complaint]:
        """Fold one entry; complain of what it could not have been. `minute`: the latest of an entry, since 1970."""
        if entry.kind == "time_zone_set" and self.clocks is not None:
            yield from self.clocks.take(entry, minute)
        if entry.kind == "unlicensed_calls_set":
            self._say_unlicensed(entry.seq, entry.calls)
        if entry.kind == "user_set":
            held = entry.usage_country, entry.plan_ids
            self.users.setdefault(entry.user_id, {})[entry.valid_from_ms] = held
        if entry.kind not in ("entitlements_set", "billing_mode_set"):
            return
        if entry.dated_back != (entry.valid_from_ms < entry.at_ms):
            yield Complaint("dated_back", not entry.dated_back, entry.dated_back)
        if entry.kind == "billing_mode_set":
            yield from self._set_mode(entry)
        else:
            yield from self._set_entitlements(entry)
        self._note(entry.seq)

    def _set_mode(self, entry: Any) -> Iterator[Complaint]:
        limit = entry.credit_limit_micros or 0
        self.modes[entry.valid_from_ms] = (entry.mode == "post_paid", entry.seq, limit)
        if limit and entry.mode == "prepaid":
            yield Complaint("credit_limit_micros", "none of a prepaid account", limit)
        old = sorted(at_ms for at_ms in self.modes if at_ms <= entry.at_ms - KEPT_MS)
        gone = old[:-1] + [at_ms for at_ms in old[-1:] if not self.modes[at_ms][0]]
        if entry.forgotten != len(gone):
            yield Complaint("forgotten", len(gone), entry.forgotten)
        for at_ms in gone:
            del self.modes[at_ms]
        if len(self.modes) > MODES_MAX:
            yield Complaint("mode", f"at most {MODES_MAX}, with those kept", len(self.modes))

    def _set_entitlements(self, entry: Any) -> Iterator[Complaint]:
        from_ms, named = entry.valid_from_ms, []
        for each in entry.entitlements:
            named.append((each.plan_id, each.usage_country))
            self.licences[*named[-1], from_ms] = (each.licences, entry.seq)
        if len(set(named)) != len(named):
            yield Complaint("entitlements", "each plan and country once", named)
        gone = set(self._forgotten(entry.at_ms - KEPT_MS))
        if entry.forgotten != len(gone):
            yield Complaint("forgotten", len(gone), entry.forgotten)
        self.licences = {plan: said for plan, said in self.licences.items() if plan not in gone}
        if len(self.licences) > ENTITLEMENTS_MAX:
            wrong = f"at most {ENTITLEMENTS_MAX}, with those kept"
            yield Complaint("entitlements", wrong, len(self.licences))

    def _forgotten(self, oldest_ms: int) -> Iterator[Plan]:
        """Yield what no call can ask for any more."""
        for _, plans in groupby(sorted(self.licences), key=lambda plan: plan[:2]):
            old = [plan for plan in plans if plan[2] <= oldest_ms]
            yield from old[:-1]
            if old and self.licences[old[-1]][0] == 0:
                yield old[-1]
