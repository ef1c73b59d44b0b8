"""Calls to be authorised, as the tests ask for them, and what the engine makes of their CDRs."""

from typing import Any

from rater.core import engine
from rater.core.account.account import Account
from rater.core.account.contract import Contract
from rater.core.account.journal import Journal
from rater.core.account.lots import CreditLot
from rater.core.account.user import User, Users
from rater.core.authorisation.request import CallRequest, cdr_of
from rater.core.authorisation.standing import Standing
from rater.core.cdr import Source
from rater.core.pricing.rules import Rules
from rater.core.suspension import Suspension
from tests.build import NOW, RULES, account, shortfall_of
from topics.catalog import CDR_RAW
from topics.records import Charge, UserTerms


def request(to: str = "+33142685300", **changes: Any) -> CallRequest:
    fields = {
        "tenant_id": "acme",
        "direction": "out",
        "from_": None,
        "call_type": "user_out",
        "service_number_type": None,
        "usage_country": "DE",
        "user_id": None,
        "organizer_id": None,
        "at_ms": NOW,
        **changes,
    }
    return CallRequest(to=to, **fields)


def standing(*lots: CreditLot, **fields: Any) -> Standing:
    blocked, later = fields.pop("blocked", {}), fields.pop("pays_later", False)
    user: User | None = fields.pop("user", None)
    return Standing(account(*lots, **fields), blocked, later, user)


def user(
    user_id: str = "ann", spent: int = 0, used_s: dict[str, int] | None = None, **terms: Any
) -> User:
    """Return a user of Germany whose month has cost so much, and who may do everything, unless told otherwise."""
    said: dict[str, Any] = {
        "valid_from_ms": 0,
        "seq": 4,
        "usage_country": "DE",
        "outbound_calls": "any",
        "conference_dial_out": "any",
        "credits_licence": True,
        **terms,
    }
    return User("acme", user_id, (UserTerms(**said),), {"2026-03": spent}, used_s)


def copied(who: Account) -> Account:
    """Return the account again, so that it can be charged."""
    lots = [
        CreditLot(each.lot_id, each.purchased_ms, each.expires_ms, each.remaining, each.due_ms)
        for each in who.lots
    ]
    contract = who.contract
    if contract is not None:
        again = dict(contract.used_s)
        contract = Contract(contract.entitlements, contract.billing_modes, again)
    terms = {"currency": who.currency, "decks": who.decks}
    return account(*lots, debt=who.debt, contract=contract, **terms)


def charged(
    who: Account, asked: CallRequest, seconds: int, rules: Rules = RULES, caller: User | None = None
) -> Charge | None:
    """Charge the CDR of the call if it lasts so long; None: it has no price, or makes debt."""
    there, journal = copied(who), Journal()
    cdr = cdr_of(asked, seconds)
    source = Source(CDR_RAW.name, 0, 7, cdr.ended_ms)
    outcome = engine.charge(there, cdr, source, rules, journal, Users(lambda _t, _u: caller))
    if isinstance(outcome, Suspension):
        return None
    entry = next(each for each in journal.entries if isinstance(each, Charge))
    assert shortfall_of(entry) or there.balance >= 0 or who.debt
    return None if shortfall_of(entry) else entry
