"""Purse: the lots and the debt of one tenant, call after call, by the plainest code there is.

Promotional credit pays first, as settings have it that nobody has changed; within each category what was bought first.
New money pays debt before anything else. No lot expires: those of a run are younger than that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

PROMOTIONAL = "promotional"


@dataclass(slots=True)
class Purse:
    """What is there to pay with."""

    left_micros: dict[str, int] = field(default_factory=dict)
    """Of each lot, in the order in which they pay; one that is used up is there with 0."""
    debt_micros: int = 0
    _order: dict[str, tuple[bool, str, str]] = field(default_factory=dict)

    def add(self, command: Mapping[str, Any]) -> None:
        """Open the lot of an `add_funds` command."""
        lot_id, amount = command["lot_id"], command["amount_micros"]
        paid = min(self.debt_micros, amount)
        self.debt_micros -= paid
        is_paid_for = command.get("category") != PROMOTIONAL
        self._order[lot_id] = (is_paid_for, command["purchased_at"], lot_id)
        self.left_micros[lot_id] = amount - paid
        ordered = sorted(self.left_micros, key=self._order.__getitem__)
        self.left_micros = {each: self.left_micros[each] for each in ordered}

    def pay(self, micros: int) -> int:
        """Draw on lot after lot; return what none of them has."""
        for lot_id, left in self.left_micros.items():
            drawn = min(left, micros)
            self.left_micros[lot_id] -= drawn
            micros -= drawn
        return micros

    def sole_payer(self, micros: int) -> str:
        """Return the lot that would pay an amount alone and have something left; empty where there is none."""
        lot_id = next((each for each, left in self.left_micros.items() if left), "")
        return lot_id if lot_id and self.left_micros[lot_id] > micros else ""

    def give_back(self, lot_id: str, micros: int) -> None:
        """Return what a lot has paid, which is not used up."""
        self.left_micros[lot_id] += micros

    def copy(self) -> Self:
        """Return one that is used up by itself."""
        return type(self)(dict(self.left_micros), self.debt_micros, dict(self._order))
