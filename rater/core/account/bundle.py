"""Bundle: what an account without credits may call: calls that nobody pays, and those that its pools pay whole.

Rule 1: it has no decks, so no row says what is called: country and type of the number are those of the numbering data.
Rule 2: a call of which money would pay a second waits, and draws on no pool: there is no money, and no balance of 0.
Rule 3: the answer decides, as it decides which decks price a call: what was answered before credits were opened was
        answered without them, and minutes of a plan that cost money do not pay it either. An account that has credits
        asks its decks what may be called; pools do not answer in their place.
"""

from rater.core.account.account import Account
from rater.core.account.draws import pool_seconds
from rater.core.account.funding import lacks_room, paid_by_pools
from rater.core.account.pool_choice import priced_in
from rater.core.account.user import User
from rater.core.call_classes import NO_TENANT_CAPABILITY
from rater.core.cdr import Cdr
from rater.core.pricing.rated import Rated
from rater.core.pricing.rules import Rules
from rater.core.pricing.unrated import Refusal, Unrated
from rater.core.suspension import Suspended, Suspension
from topics.fields import NO_CURRENCY
from topics.records import Charge


def is_for_decks(refusal: Refusal) -> bool:
    """Tell whether a call waits for a deck, and not because of what it is."""
    return refusal.reason is Unrated.UNKNOWN_DECK


def price_in_bundle(  # noqa: PLR0913, PLR0917
    account: Account,
    cdr: Cdr,
    rules: Rules,
    now_ms: int,
    replaced: Charge | None,
    user: User | None,
) -> Rated | Suspension:
    """Price a call that no deck prices by pools alone; what it replaces comes back to them before."""
    numbering = rules.numbering
    country = numbering.country_of(cdr.to) or ""
    number_type = numbering.kind_of(cdr.to)
    back_s = {} if replaced is None else pool_seconds(replaced.draws)
    paid = paid_by_pools(account, cdr, rules, (country, number_type), user, back_s, NO_CURRENCY)
    if paid is None or account.contract is None or paid.paid_s < cdr.billsec:
        currencies = priced_in(account, cdr, rules, (country, number_type), user)
        return _unfunded(cdr, 0 if paid is None else paid.paid_s, currencies)
    if wrong := lacks_room(account.contract, cdr, paid, now_ms, user):
        return wrong
    return Rated("rated", 0, None, None, None, None, country, number_type, paid.lines, funding=paid)


def _unfunded(cdr: Cdr, paid_s: int, currencies: list[str]) -> Suspension:
    """Say that money would have to pay, and that there can be none; also of seconds that have a price."""
    detail = (
        f"tenant_id: {cdr.tenant_id} had no credits when the call was answered, and its pools pay {paid_s}"
        f" of {cdr.billsec} s ({NO_TENANT_CAPABILITY})"
    )
    if currencies:
        detail += f"; seconds that have a price ({', '.join(currencies)}) are none of an account that had no currency"
    return Suspension(Suspended.NO_TENANT_CAPABILITY, detail)
