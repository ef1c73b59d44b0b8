"""Paid: what each source of a charge pays, and what is left of it then."""

from typing import Any

from rater.core.account.account import Account
from rater.core.account.contract import Contract
from rater.core.account.user import User, is_of_user, shared_name
from rater.core.account.user_terms import terms_at
from rater.core.cdr import Cdr
from rater.core.pricing.rules import Rules
from rater.views.explanation.folded import Folded

Fields = dict[str, Any]


def paid_told(
    draws: list[Fields], folded: Folded, after: Account, cdr: Cdr, rules: Rules
) -> list[Fields]:
    """Return each draw with what its source had and what is left; `after`: the account after the charge."""
    return [{**draw, **_left(draw, folded, after, cdr, rules)} for draw in draws]


def _left(draw: Fields, folded: Folded, after: Account, cdr: Cdr, rules: Rules) -> Fields:
    source, micros = draw.get("source", "lot"), draw.get("amount_micros", 0)
    contract = after.contract
    if source == "lot":
        lots = after.expired if draw.get("grace") else after.lots
        found = next((lot for lot in lots if lot.lot_id == draw["id"]), None)
        left = 0 if found is None else found.remaining
        times = {} if found is None else {"expires_ms": found.expires_ms}
        return {"source": source, "had_micros": left + micros, "left_micros": left, **times}
    if source == "shortfall":
        return {"debt_before_micros": after.debt - micros, "debt_micros": after.debt}
    if source == "post_paid" and contract is not None:
        owed = contract.owed.get(draw["id"], 0)
        return {"owed_before_micros": owed - micros, "owed_micros": owed}
    if source == "pool" and contract is not None:
        return _pool(draw, folded, (after, contract), cdr, rules)
    return {}


def _pool(
    draw: Fields, folded: Folded, of: tuple[Account, Contract], cdr: Cdr, rules: Rules
) -> Fields:
    """Return how much of a pool was used before and after, and how large it is."""
    account, contract = of
    name, seconds = draw["id"], draw["quantity"]
    entitled = contract.at(cdr.started_ms, rules.plans, account.time_zone)
    user = folded.users.find(account.tenant_id, cdr.consumer())
    if is_of_user(name) and user is not None:
        total_s = _own_total(name, user, contract, account, cdr, rules)
        before = user.used_s.get(name, 0)
        return _use(before, before + seconds, total_s)
    pot = entitled.named(name)
    used = contract.used_s.get(name, 0)
    return _use(used - seconds, used, None if pot is None else pot.total_s)


def _own_total(  # noqa: PLR0913, PLR0917
    name: str, user: User, contract: Contract, account: Account, cdr: Cdr, rules: Rules
) -> int | None:
    terms = terms_at(user.terms, cdr.started_ms)
    if terms is None:
        return None
    entitled = contract.at(cdr.started_ms, rules.plans, account.time_zone)
    pot = entitled.own_pots(terms.usage_country, terms.plan_ids).get(shared_name(name, user))
    return None if pot is None else pot.total_s


def _use(before: int, after: int, total_s: int | None) -> Fields:
    left = {} if total_s is None else {"total_s": total_s, "left_s": total_s - after}
    return {"used_before_s": before, "used_s": after, **left}
