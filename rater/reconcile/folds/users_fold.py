"""Users fold: all users of a partition as far as its ledger has been folded: counts, terms, and what each account was
told of users that may not spend.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.clocks import Clocks
from rater.reconcile.folds.folded import Folded
from rater.reconcile.folds.ledger import Ledger
from rater.reconcile.folds.pools import is_own, started_ms
from rater.reconcile.folds.purse_lots import is_waived
from rater.reconcile.folds.standing import KEPT_MS
from rater.reconcile.folds.user_counts import UserCounts, whose
from rater.reconcile.folds.user_statuses import Terms
from topics import records as r

User = tuple[str, str]
"""Tenant and user id."""


@dataclass(slots=True)
class UsersFold:
    """What is known of users; of those from before the beginning of their accounts only since when they are there."""

    ledger: Ledger | None = None
    """The part of it that is taken."""
    counts: dict[User, UserCounts] = field(default_factory=dict)
    terms: dict[User, Terms] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)
    """What becomes of calls of users that may not spend, by tenant."""
    unknown: set[str] = field(default_factory=set)
    """The tenants of whom a charge was taken back that is not known any more; what their users spent is believed."""
    suspends: set[str] = field(default_factory=set)
    """The tenants whose calls ever were to wait."""

    def take(self, account: Folded, entry: Any) -> Iterator[Complaint]:
        """Fold one entry; complain of what it could not have been."""
        match entry.kind:
            case "user_set":
                self._set(entry)
            case "unlicensed_calls_set":
                self._tell(entry.tenant_id, entry.calls)
            case "balance_carried_forward":
                self._tell(entry.tenant_id, entry.unlicensed_calls)
            case "charge":
                yield from self._charge(account, entry)
            case "charge_reversed":
                yield from self._give_back(account, entry)

    def _set(self, entry: r.UserSet) -> None:
        user = (entry.tenant_id, entry.user_id)
        self.counts.setdefault(user, UserCounts(entry.seq))
        terms = self.terms.setdefault(user, {})
        terms[entry.valid_from_ms] = entry
        for old in sorted(at_ms for at_ms in terms if at_ms <= entry.at_ms - KEPT_MS)[:-1]:
            del terms[old]

    def _tell(self, tenant_id: str, calls: str) -> None:
        self.policies[tenant_id] = calls
        if calls == "suspend":
            self.suspends.add(tenant_id)

    def _charge(self, account: Folded, entry: r.Charge) -> Iterator[Complaint]:
        counts = self.counts.get((entry.tenant_id, whose(entry.call) or ""))
        if counts is not None:
            yield from counts.charge(entry, clocks_of(account))
        elif any(is_own(draw.id) for draw in entry.draws):
            yield Complaint("draws", "no user's own pool, for none is known", entry.draws)
        if account.first == 1:
            yield from self._hold_payer(entry)

    def _give_back(self, account: Folded, entry: r.ChargeReversed) -> Iterator[Complaint]:
        original = None if self.ledger is None else self.ledger.originals.get(entry.reverses)
        if original is None and account.rest_seq:
            self.unknown.add(entry.tenant_id)
        user_id = _owner(entry) if original is None else whose(original.call)
        counts = self.counts.get((entry.tenant_id, user_id or ""))
        if counts is not None:
            yield from counts.give_back(entry, original, clocks_of(account))

    def _hold_payer(self, entry: r.Charge) -> Iterator[Complaint]:
        """Hold who pays against what the account was told of users that may not spend."""
        waived = is_waived(entry)
        if not entry.charge_micros or entry.call.direction != "out":
            if waived:
                yield Complaint("draws", "nothing that is waived", entry.draws)
            return
        policy = self.policies.get(entry.tenant_id, "charge")
        said = self.terms.get((entry.tenant_id, whose(entry.call) or ""), {})
        began = started_ms(entry)
        since = max([at_ms for at_ms in said if at_ms <= began], default=None)
        if policy == "charge" or (since is not None and said[since].credits_licence):
            if waived:
                yield Complaint("draws", "lots and debt, for the user may spend", entry.draws)
        elif policy == "suspend":
            yield Complaint("outcome", "suspended as no_user_capability", entry.outcome)
        elif not waived:
            yield Complaint("draws", "waived, for the user may not spend", entry.draws)


def clocks_of(account: Folded) -> Clocks:
    """Return the clocks of an account."""
    return account.contract.clocks or Clocks("UTC")


def _owner(entry: r.ChargeReversed) -> str:
    """Return the user to whose own pools seconds come back, empty where there is none."""
    own = [back.id or "" for back in entry.returns if is_own(back.id)]
    return own[0].partition("/user=")[2] if own else ""
