"""Verdict: entries of one source record, held field by field against what the worker's code decides anew.

What is booked is read for its inputs alone (`orders`): whose call, when, to whom. Amounts, balances, draws, lines, deck
and plan are worked out from the entries before it, and from decks, plans and settings; then the two are compared.
Without the entries before it, the price alone is (`price_alone`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rater.core.pricing.rules import Rules
from rater.core.suspension import Suspension
from rater.views.explanation.decided import Decided, can_be_decided, decide
from rater.views.explanation.differences import Difference, differences, fields_of
from rater.views.explanation.evidence import Evidence, Posted, is_about
from rater.views.explanation.folded import Folded
from rater.views.explanation.orders import Main, Order, Unheld, order_of
from rater.views.explanation.price_alone import PRICED, price_alone
from rater.views.explanation.standing import Standing
from topics.records import Charge, ChargeReversed

NOT_READ = "the account's entries before it were not read so far back"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it."""

    order: Order
    wanted: tuple[dict[str, Any], ...]
    """The entries as they were worked out; of a price alone, what it says of the one entry."""
    differences: tuple[Difference, ...]
    unheld: tuple[Unheld, ...]
    decided: Decided | None = None
    """None: the price alone was worked out."""


def judge(
    group: Sequence[Posted],
    folded: Folded | None,
    standing: Standing,
    evidence: Evidence,
    rules: Rules,
) -> Verdict:
    """Hold the entries of one source record; one of them is about the CDR.

    `folded`: the account before them, None where that is not known. `standing`: what was charged of the CDR before.
    """
    main = main_of(group, evidence.cdr_id)
    asked = order_of(main, evidence, group)
    if folded is None or not can_be_decided(folded, asked.order, standing):
        return _price_alone(main, asked.order, asked.unheld, asked.differences, rules)
    decided = decide(folded, asked.order, standing, rules)
    if decided.waits is not None:
        wrong = [*asked.differences, _waits(main, decided.waits)]
        return Verdict(asked.order, (), tuple(wrong), asked.unheld, decided)
    wanted = [fields_of(each) for each in decided.entries]
    found = [fields_of(each.entry) for each in group]
    wrong = [*asked.differences, *_held(main.entry_id, wanted, found)]
    return Verdict(asked.order, tuple(wanted), tuple(wrong), asked.unheld, decided)


def main_of(group: Sequence[Posted], cdr_id: str) -> Main:
    """Return the entry of a group that says what came of a CDR: its charge, else what takes that back."""
    about = [each.entry for each in group if is_about(each.entry, cdr_id)]
    # Where the id itself is wrong, it is its place that says whose entry it is.
    about = about or [
        each.entry for each in group if isinstance(each.entry, (Charge, ChargeReversed))
    ]
    charges = [each for each in about if isinstance(each, Charge)]
    main: Main = charges[-1] if charges else about[-1]
    return main


def _waits(main: Main, why: Suspension) -> Difference:
    wanted = f"suspended as {why.reason}: {why.detail}"
    return Difference(main.entry_id, "kind", wanted, main.kind)


def _held(
    name: str, wanted: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]]
) -> list[Difference]:
    if len(wanted) == len(found):
        return [
            each
            for one, other in zip(wanted, found, strict=True)
            for each in differences(str(other.get("entry_id")), one, other)
        ]
    kinds = [each["kind"] for each in wanted], [each["kind"] for each in found]
    wrong = [Difference(name, "entries", *kinds)]
    left = list(found)
    for one in wanted:
        other = next((each for each in left if each["kind"] == one["kind"]), None)
        if other is not None:
            left.remove(other)
            wrong += differences(str(other.get("entry_id")), one, other)
    return wrong


def _price_alone(
    main: Main,
    order: Order,
    unheld: Sequence[Unheld],
    before: Sequence[Difference],
    rules: Rules,
) -> Verdict:
    """Hold what an entry says of the price, and nothing else."""
    if not isinstance(main, Charge):
        unread = Unheld(main.entry_id, "all", NOT_READ)
        return Verdict(order, (), tuple(before), (*unheld, unread))
    wanted = price_alone(main, order.cdr, rules)
    found = {name: said for name, said in fields_of(main).items() if name in PRICED}
    wrong = [*before, *differences(main.entry_id, wanted, found)]
    names = [name for name in Charge.__struct_fields__ if name not in PRICED]
    more = tuple(Unheld(main.entry_id, name, NOT_READ) for name in names)
    return Verdict(order, (wanted,), tuple(wrong), (*unheld, *more))
