"""User limits: what a user may not do, as its status says it (`account.user_status`), asked of one call.

Rule 1: outgoing calls alone are asked. What is restricted, or beyond the month's limit, may not start, pools or not.
Rule 2: a domestic number is one of the user's country, or of the group that shares pools with it. `same_country` of
        conferences means the same; `zone` the countries that an allowance of the user's plans pays calls to.
Rule 3: without the licence pools alone may pay. So it is of a user whom nobody knows, and of nobody, where charging
        suspends their calls; where it waives them nobody need pay.
"""

from typing import Final

from rater.core.account.month import month_at
from rater.core.account.pool_choice import is_unpooled
from rater.core.account.unlicensed import what_becomes
from rater.core.account.user import User
from rater.core.account.user_terms import terms_at
from rater.core.authorisation.standing import Block, Standing
from rater.core.call_classes import NO_USER_CAPABILITY
from rater.core.cdr import Cdr
from rater.core.pricing.plans.pools import PlanCall
from rater.core.pricing.rated import Rated
from rater.core.pricing.rules import Rules
from topics.records import UserTerms

RESTRICTED: Final[Block] = ("restricted", None)
LIMIT_REACHED: Final[Block] = ("user_spend_limit", None)
NO_LICENCE: Final[Block] = ("no_user_capability", NO_USER_CAPABILITY)
_CONFERENCE: Final = "conference_dial_out"


def stops(standing: Standing, cdr: Cdr, name: str, rated: Rated, rules: Rules) -> Block | None:
    """Return why a call of a class may not start, whoever pays; None where the user may make it."""
    terms = _terms(standing.user, cdr)
    if terms is None:
        return None
    allowed = terms.conference_dial_out if name == _CONFERENCE else terms.outbound_calls
    if allowed == "none" or (
        allowed != "any" and not _is_within(allowed, terms, cdr, rated, rules)
    ):
        return RESTRICTED
    left = left_micros(standing, cdr, rules)
    return LIMIT_REACHED if left is not None and left <= 0 else None


def stops_money(standing: Standing, cdr: Cdr) -> Block | None:
    """Return why money may not pay a call; None where it may, or need not."""
    becomes = what_becomes(standing.account, cdr, standing.user)
    if becomes != "charge":
        return NO_LICENCE if becomes == "suspend" else None
    terms = _terms(standing.user, cdr)
    return None if terms is None or terms.credits_licence else NO_LICENCE


def left_micros(standing: Standing, cdr: Cdr, rules: Rules) -> int | None:
    """Return what is left of the month's limit of whose call it is; None: there is none."""
    user, terms = standing.user, _terms(standing.user, cdr)
    if user is None or terms is None or terms.monthly_spend_limit_micros is None:
        return None
    spent = user.spent.get(month_at(standing.account, rules.plans, cdr.started_ms), 0)
    return terms.monthly_spend_limit_micros - spent


def _terms(user: User | None, cdr: Cdr) -> UserTerms | None:
    if user is None or cdr.direction != "out":
        return None
    return terms_at(user.terms, cdr.started_ms)


def _is_within(allowed: str, terms: UserTerms, cdr: Cdr, rated: Rated, rules: Rules) -> bool:
    """Tell whether a number is one of those that are allowed."""
    catalog, numbering = rules.plans.at(cdr.started_ms), rules.numbering
    country = rated.country or numbering.country_of(cdr.to) or ""
    if allowed != "zone":
        return catalog.group_of(country) == catalog.group_of(terms.usage_country)
    number_type = rated.number_type or numbering.kind_of(cdr.to)
    call = PlanCall(cdr.direction, cdr.call_type, cdr.to, country, number_type)
    held = [(plan_id, terms.usage_country) for plan_id in terms.plan_ids]
    return not is_unpooled(catalog, cdr, numbering) and len(catalog.pools(held, call)) > 0
