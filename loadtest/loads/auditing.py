"""Auditing: what the topics hold against what a load must lead to, and how much money is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loadtest import oracle, user_oracle
from loadtest.money import micros_text
from loadtest.oracle import Fold

if TYPE_CHECKING:
    from loadtest.expected import Expected

_TOLD_MAX = 20


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found."""

    tenants: int
    users: int
    entries: int
    """Of the ledger."""
    outcomes: Mapping[str, int]
    """Of CDRs, as the topics have them."""
    money_error_micros: Mapping[str, int]
    """By tenant: by how much balance or lots are wrong, whichever is more; only those that are."""
    problems: tuple[str, ...]
    """Everything that is not as it must be, money or not."""

    @property
    def is_clean(self) -> bool:
        """Whether everything is as it must be."""
        return not self.problems

    def report(self) -> dict[str, Any]:
        """Return it for programs."""
        wrong = sorted(self.money_error_micros.items(), key=lambda each: (-each[1], each[0]))
        return {
            "clean": self.is_clean,
            "money_error_micros": sum(self.money_error_micros.values()),
            "tenants": self.tenants,
            "tenants_with_money_error": len(wrong),
            "users": self.users,
            "ledger_entries": self.entries,
            "outcomes": dict(sorted(self.outcomes.items())),
            "problems": len(self.problems),
            "worst": dict(wrong[:_TOLD_MAX]),
            "told": list(self.problems[:_TOLD_MAX]),
        }

    def lines(self) -> list[str]:
        """Return it for people."""
        error = micros_text(sum(self.money_error_micros.values()))
        head = (
            f"audit: money error {error} in {len(self.money_error_micros):,} of {self.tenants:,} tenants;"
            f" {self.users:,} users, {self.entries:,} ledger entries"
        )
        if self.is_clean:
            return [head, "clean: every account, lot, pool, user and outcome is as it must be"]
        more = len(self.problems) - _TOLD_MAX
        rest = [f"and {more:,} more"] if more > 0 else []
        return [head, f"{len(self.problems):,} problems:", *self.problems[:_TOLD_MAX], *rest]


async def audit(bootstrap: str, expected: Expected) -> Audit:
    """Read the topics of a broker, and compare. Topics that are not there: LookupError."""
    folds = await oracle.fold_topic(bootstrap)
    outcomes = await oracle.outcomes(bootstrap)
    problems = oracle.compare_outcomes(outcomes, expected)
    problems += oracle.compare_with_plan(folds, expected)
    problems += await user_oracle.problems(bootstrap, expected)
    entries = sum(each.entries for each in folds.values())
    users = len(expected.users)
    error = money_error_micros(folds, expected)
    return Audit(len(folds), users, entries, outcomes, error, tuple(problems))


def money_error_micros(folds: Mapping[str, Fold], expected: Expected) -> dict[str, int]:
    """Return by how much the money of each tenant is wrong, where it is."""
    found = {}
    for tenant_id in folds.keys() | expected.funded_micros.keys():
        fold, purse = folds.get(tenant_id, Fold()), expected.purses.get(tenant_id)
        lots = {} if purse is None else purse.left_micros
        names = fold.lots.keys() | lots.keys() if purse is not None else ()
        in_lots = sum(abs(fold.lots.get(name, 0) - lots.get(name, 0)) for name in names)
        in_balance = abs(fold.balance_micros - expected.balance_micros(tenant_id))
        if error := max(in_lots, in_balance):
            found[tenant_id] = error
    return found
