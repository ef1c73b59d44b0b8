"""Unlicensed: whether money may pay a call, and what becomes of it where it may not.

Rule 1: outgoing calls that money pays are asked whose they are. Incoming ones are the tenant's own (toll-free).
Rule 2: a user may spend money where its terms say so when the call starts. One whom nobody has set may not, and neither
        may nobody.
Rule 3: what becomes of such a call the account is told (`set_unlicensed_calls`): it is charged, suspended or waived. A
        waived one is charged like any other, and drawn on nobody: the balance does not know of it.
"""

from rater.core.account.account import Account
from rater.core.account.draws import pool_seconds
from rater.core.account.funding import fund
from rater.core.account.user import User
from rater.core.account.user_terms import terms_at
from rater.core.call_classes import NO_USER_CAPABILITY
from rater.core.cdr import Cdr
from rater.core.pricing.rated import Rated, waived
from rater.core.pricing.rules import Rules
from rater.core.suspension import Suspended, Suspension
from topics.records import Charge
from topics.records.contract import UnlicensedCalls

Now = tuple[Rules, int]
"""By what rules, and at what time."""


def payable(
    account: Account, cdr: Cdr, rated: Rated, now: Now, user: User | None
) -> Rated | Suspension:
    """Return a priced call with who pays it: pools, then money, if it may; or why it waits."""
    funded = fund(account, cdr, rated, now[0], now[1], user)
    if not isinstance(funded, Rated) or not funded.charge_micros:
        return funded
    becomes = what_becomes(account, cdr, user)
    if becomes == "charge":
        return funded
    return _may_not(cdr) if becomes == "suspend" else waived(funded)


def what_becomes(account: Account, cdr: Cdr, user: User | None) -> UnlicensedCalls:
    """Return what becomes of what money would pay of a call: `charge`, where it may."""
    contract = account.contract
    if contract is None or contract.unlicensed_calls == "charge" or may_spend(cdr, user):
        return "charge"
    return contract.unlicensed_calls


def may_spend(cdr: Cdr, user: User | None) -> bool:
    """Tell whether money may pay what a call costs."""
    if cdr.direction != "out":
        return True
    terms = None if user is None else terms_at(user.terms, cdr.started_ms)
    return terms is not None and terms.credits_licence


def may_not_replace(  # noqa: PLR0913, PLR0917
    account: Account,
    cdr: Cdr,
    rated: Rated,
    now: Now,
    original: Charge | None,
    user: User | None,
) -> Suspension | None:
    """Say beforehand why a correction waits; its pools are as they will be once the original is taken back."""
    if what_becomes(account, cdr, user) != "suspend":
        return None
    back_s = {} if original is None else pool_seconds(original.draws)
    funded = fund(account, cdr, rated, now[0], now[1], user, back_s)
    return _may_not(cdr) if isinstance(funded, Rated) and funded.charge_micros else None


def _may_not(cdr: Cdr) -> Suspension:
    consumer = cdr.consumer()
    if consumer is None:
        why = "the call names no user, and so nobody with a licence to spend credits"
    else:
        why = f"user {consumer!r} had no licence to spend credits when the call started"
    detail = f"{why} ({NO_USER_CAPABILITY})"
    return Suspension(Suspended.NO_USER_CAPABILITY, detail)
