"""Decided: what the worker's own code says of an order, on a copy of the account, of which nothing is kept.

The only use of the engine outside the batches of charging: its journal is read and thrown away.
"""

from typing import NamedTuple

from rater.core import engine
from rater.core.account.account import Account
from rater.core.account.journal import Journal
from rater.core.account.naming import Entry, named
from rater.core.account.user import User, Users
from rater.core.pricing.rules import Rules
from rater.core.suspension import Suspension
from rater.views.explanation.folded import Folded
from rater.views.explanation.orders import Order
from rater.views.explanation.standing import Standing
from rater.wire.account.state import decode_account, encode_account
from rater.wire.account.user_rows import decode_user, encode_user
from topics.records import FreeCall
from topics.records.balance import Event


class Decided(NamedTuple):
    """What an order comes to."""

    entries: tuple[Entry, ...]
    events: tuple[Event, ...] = ()
    account: Account | None = None
    """As it would be after it."""
    waits: Suspension | None = None
    """Why it would not be charged."""


def decide(folded: Folded, order: Order, standing: Standing, rules: Rules) -> Decided:
    """Decide an order on what the entries before it left; `standing` is what they charged of the same CDR."""
    assert folded.account is not None
    account = copy_of(folded.account)
    users = Users(lambda tenant_id, user_id: _user(folded, tenant_id, user_id))
    journal = Journal(rules.plans)
    waits = _decided(account, order, standing, rules, journal, users)
    entries = tuple(named(journal.entries, rules.settings))
    return Decided(entries, tuple(journal.events), account, waits)


def can_be_decided(folded: Folded | None, order: Order, standing: Standing) -> bool:
    """Say whether all is known that an order is decided on: the account, and of a re-rating the charge that stood."""
    is_known = folded is not None and folded.account is not None
    return is_known and (order.rerates is None or standing.charge is not None)


def _decided(  # noqa: PLR0913, PLR0917
    account: Account,
    order: Order,
    standing: Standing,
    rules: Rules,
    journal: Journal,
    users: Users,
) -> Suspension | None:
    cdr, source = order.cdr, order.source
    if order.rerates is not None:
        assert standing.charge is not None, order
        again = account, order.rerates, standing.charge, source
        engine.rerate(*again, rules, journal, users)
        return None
    if order.again is not None:
        command, row = order.again
        if isinstance(command, FreeCall):
            engine.free_call(account, command, (row, cdr), source, rules, journal)
            return None
        return engine.release(account, command, (row, cdr), source, rules, journal, users)
    if cdr.version == 1 and cdr.kind == "final":
        outcome = engine.charge(account, cdr, source, rules, journal, users)
    else:
        before = standing.charge, standing.voided, users
        outcome = engine.correct(account, cdr, source, rules, journal, *before)
    return outcome if isinstance(outcome, Suspension) else None


def copy_of(account: Account) -> Account:
    """Return an account of its own."""
    return decode_account(encode_account(account))


def _user(folded: Folded, tenant_id: str, user_id: str) -> User | None:
    user = folded.users.find(tenant_id, user_id)
    return None if user is None else decode_user(encode_user(user))
