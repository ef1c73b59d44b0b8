"""Pool choice: the pools that may pay a call, by the licences held when it starts, whose it is, and what is called."""

from rater.core.account.account import Account
from rater.core.account.entitled import Entitled
from rater.core.account.user import User
from rater.core.account.user_terms import terms_at
from rater.core.cdr import Cdr
from rater.core.pricing.numbering import Numbering
from rater.core.pricing.plans.catalog import Catalog
from rater.core.pricing.plans.pools import Choice
from rater.core.pricing.rules import Rules
from topics.records import UserTerms


def choice_of(
    entitled: Entitled,
    cdr: Cdr,
    called: tuple[str, str],
    terms: UserTerms | None,
    numbering: Numbering,
) -> Choice | None:
    """Return the pools that may pay a call; where country or type are empty, the numbering data say them."""
    if terms is None:
        payers = entitled.payers(cdr.usage_country)
    else:
        payers = entitled.payers_of_user(terms.usage_country, terms.plan_ids)
    if payers is None:
        return None
    destination = called[0] or numbering.country_of(cdr.to) or ""
    number_type = called[1] or numbering.kind_of(cdr.to)
    found = payers.choices(cdr.direction, cdr.call_type).of(destination, number_type)
    if terms is None:
        found = found.shared()
    if not found.pools or is_unpooled(entitled.catalog, cdr, numbering):
        return None
    return found


def is_unpooled(catalog: Catalog, cdr: Cdr, numbering: Numbering) -> bool:
    """Tell whether no pool pays a call because of the number called, or of the one dialled that leads there."""
    dialled = cdr.dialled
    return catalog.is_unpooled(cdr.to, numbering) or (
        dialled is not None and catalog.is_unpooled(dialled, numbering)
    )


def priced_in(
    account: Account, cdr: Cdr, rules: Rules, called: tuple[str, str], user: User | None
) -> list[str]:
    """Return the currencies in which the seconds of pools have a price that might pay a call, by name.

    `called`: country and type of the number called.
    """
    contract = account.contract
    if contract is None:
        return []
    entitled = contract.at(cdr.started_ms, rules.plans, account.time_zone)
    terms = None if user is None else terms_at(user.terms, cdr.started_ms)
    choice = choice_of(entitled, cdr, called, terms, rules.numbering) if entitled.held else None
    pools = () if choice is None else choice.pools
    return sorted({each.currency for pool in pools for each in pool.prices})
