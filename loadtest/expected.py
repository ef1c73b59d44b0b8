"""Expected: what charging some traffic must lead to, worked out while the traffic is made."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loadtest.purse import Purse

_FREE = "in_bundle"
_PAID = ("conference_dial_out", "international", "overage")


@dataclass(slots=True)
class UserCounts:
    """What must be counted of a user's calls, by month; of pools, by their names."""

    limit_micros: int = 0
    """Of a month; 0: none."""
    spent_micros: Counter[str] = field(default_factory=Counter)
    used_s: Counter[str] = field(default_factory=Counter)
    may_spend: bool = True
    outbound: str = "any"
    conferences: str = "any"

    def blocked(self, month: str) -> dict[str, str]:
        """Return which classes of calls the user may not make in a month, each with the reason."""
        found = {}
        for each in (_FREE, *_PAID):
            if self._is_restricted(each):
                found[each] = "restricted"
            elif each != _FREE and not self.may_spend:
                found[each] = "no_user_capability"
            elif self.is_blocked(month):
                found[each] = "user_spend_limit"
        return found

    def _is_restricted(self, calls: str) -> bool:
        if calls == "conference_dial_out":
            return self.conferences == "none"
        return self.outbound == "none" or (self.outbound == "domestic" and calls == "international")

    def is_blocked(self, month: str) -> bool:
        """Tell whether the month's limit is reached."""
        return 0 < self.limit_micros <= self.spent_micros[month]


@dataclass(slots=True)
class Expected:
    """Counts per outcome, named as batch manifests name them, and each tenant's money."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """`rated`, `free`, `duplicate`, `suspended.REASON`, `dead.REASON`."""
    charges: Counter[str] = field(default_factory=Counter)
    """Charge entries per tenant, free calls included."""
    charged_micros: Counter[str] = field(default_factory=Counter)
    funded_micros: Counter[str] = field(default_factory=Counter)
    used_s: dict[str, Counter[str]] = field(default_factory=dict)
    """Seconds drawn on each pool, per tenant; empty without plans."""
    pooled: int = 0
    """Charges of which pools pay at least a second."""
    waived_micros: Counter[str] = field(default_factory=Counter)
    """Of what is charged: what nobody pays."""
    owed_micros: dict[str, Counter[str]] = field(default_factory=dict)
    """What each month owes, per tenant that pays later; lots have paid the rest."""
    credit_limits: dict[str, int] = field(default_factory=dict)
    """Of the tenants that pay later; 0: none."""
    prepaid_again: set[str] = field(default_factory=set)
    """The tenants that paid later, and do not any more."""
    purses: dict[str, Purse] = field(default_factory=dict)
    """What lots have, per tenant."""
    users: dict[tuple[str, str], UserCounts] = field(default_factory=dict)
    """By tenant and user."""

    def fund(self, tenant_id: str, command: Mapping[str, Any]) -> None:
        """Expect what an `add_funds` command adds."""
        self.funded_micros[tenant_id] += command["amount_micros"]
        self.purses.setdefault(tenant_id, Purse()).add(command)

    def balance_micros(self, tenant_id: str) -> int:
        """Return what the account must hold in the end; below zero it is debt."""
        paid = self.charged_micros[tenant_id] - self.waived_micros[tenant_id]
        owed = self.owed_micros.get(tenant_id, Counter()).total()
        return self.funded_micros[tenant_id] - paid + owed

    def billing(self, tenant_id: str, month: str) -> str:
        """Return how the account must say that it pays, in a month; empty: of a prepaid one it says nothing."""
        if tenant_id in self.prepaid_again:
            return "prepaid"
        if (limit := self.credit_limits.get(tenant_id)) is None:
            return ""
        return (
            "limit_reached"
            if limit and self.owed_micros[tenant_id][month] >= limit
            else "post_paid"
        )

    def charge(self, tenant_id: str, micros: int | None) -> None:
        """Expect a charge entry; None means that the call is free by itself, without a price."""
        self.outcomes["free" if micros is None else "rated"] += 1
        self.charges[tenant_id] += 1
        self.charged_micros[tenant_id] += micros or 0
