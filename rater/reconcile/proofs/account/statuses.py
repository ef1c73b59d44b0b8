"""Statuses: what is said to be allowed, and to be there to pay with, follows from the ledger (D10).

A status at a sequence number says the balance and the debt of that entry. The last one of a tenant may be older than
the ledger only while its account owes one, and never in what it allows: that goes out at once.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.folded import Folded
from rater.reconcile.inputs import Inputs
from rater.reconcile.proofs.account.status_contents import contents, funds_left, said_of
from topics import catalog
from topics import records as r
from topics.fields import NO_CURRENCY

PROOF = "statuses"
TOPIC = catalog.ACCOUNT_STATUS.name

_FREE = ("emergency", "in_bundle", "inbound")
_PAID = ("conference_dial_out", "international", "overage", "toll_free")


Blocked = tuple[tuple[str, str, int | None], ...]


class Allowed(NamedTuple):
    """What an account in some state may do, and why it may not do the rest."""

    state: str
    allowed_call_types: tuple[str, ...]
    blocked: Blocked


def _for(reason: str, names: tuple[str, ...], code: int | None = None) -> Blocked:
    return tuple((name, reason, code) for name in names)


CLASSES = (
    Allowed("open", _FREE + _PAID, ()),
    Allowed("open", _FREE, _for("balance_not_positive", _PAID)),
    Allowed("closed", ("emergency",), _for("account_closed", ("in_bundle", "inbound", *_PAID))),
    Allowed("not_configured", _FREE, _for("no_credits", _PAID, 580462)),
    Allowed("open", _FREE, _for("credit_limit", _PAID)),
)


HELD = 16
"""Open, but for what the breaker denies: the bits of those classes are added."""


@cache
def allowed_in(state: int) -> Allowed:
    """Return what a class allows."""
    if state < HELD:
        return CLASSES[state]
    denied = tuple(name for n, name in enumerate(_PAID) if state - HELD >> n & 1)
    allow = _FREE + tuple(name for name in _PAID if name not in denied)
    return Allowed("open", allow, _for("spend_limit", denied))


def class_at(account: Folded, seq: int) -> int:
    """Return which of the classes an account is in after an entry."""
    if account.standing.was_closed_after(seq):
        return 2
    if account.credits.currency_at(seq) == NO_CURRENCY:
        return 3
    if account.at(seq)[0] <= 0:
        billing = account.contract.billing.at(seq)
        if not billing.pays_later:
            return 1
        if billing.is_reached:
            return 4
    held = account.held_at(seq)
    return HELD + held if held else 0


def agree(account: Folded, expected: int, found: int) -> bool:
    """Say whether two classes are the same; after a gap nobody knows what is held."""
    if account.has_gaps and {expected, found} <= {0, *range(HELD, 2 * HELD)}:
        return True
    return expected == found


def _class_of(said: Allowed) -> int:
    """Return the class that a status names, -1 where there is none."""
    known = [0, 1, 2, 3, 4, *range(HELD + 1, 2 * HELD)]
    return next((state for state in known if allowed_in(state) == said), -1)


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for every status that is left on the compacted topic."""
    last = last_said(evidence)
    for offset, status in evidence.books.statuses:
        tenant = status.tenant_id
        for wrong in _hold(evidence, status, last.get(tenant)):
            yield evidence.differ(PROOF, TOPIC, offset, tenant, wrong)
        last[tenant] = offset, status
    for tenant, account in evidence.ledger.accounts.items():
        if tenant not in last:
            wrong = Complaint("record", "a status of every account", "nothing")
            yield evidence.differ(PROOF, TOPIC, None, tenant, wrong)
            continue
        offset, status = last[tenant]
        if account.base <= status.seq <= account.seq:
            for wrong in _hold_last(evidence, account, status):
                yield evidence.differ(PROOF, TOPIC, offset, tenant, wrong)


def last_said(evidence: Inputs) -> dict[str, tuple[int, r.AccountStatus]]:
    """Return the last status of each tenant as far as it was proven, with its offset."""
    return evidence.past.of(PROOF, dict)


def _hold(
    evidence: Inputs, status: r.AccountStatus, before: tuple[int, r.AccountStatus] | None
) -> Iterator[Complaint]:
    """Hold a status against the ledger at its sequence number."""
    account = evidence.ledger.accounts.get(status.tenant_id)
    if evidence.is_before_beginning(status.tenant_id, status.seq):
        return
    if account is None:
        yield Complaint("tenant_id", "a tenant of the ledger", status.tenant_id)
        return
    if not account.base <= status.seq <= account.seq:
        known = f"{account.base} to {account.seq}, the last of the ledger"
        yield Complaint("seq", known, status.seq)
        return
    if before is not None and status.seq < before[1].seq:
        yield Complaint("seq", f"not below {before[1].seq}, said before", status.seq)
    money = _money_at(account, status.seq)
    found = (status.currency, status.balance_micros, status.overdraft_micros)
    if found != money:
        yield Complaint("currency, balance_micros, overdraft_micros", money, found)
    if not account.has_gaps and status.hours_remaining != account.runway_at(status.seq):
        yield Complaint("hours_remaining", account.runway_at(status.seq), status.hours_remaining)
    right = class_at(account, status.seq)
    allowed = allowed_in(right)
    said = Allowed(
        status.state,
        tuple(status.allowed_call_types),
        tuple((each.call_type, each.reason, each.code) for each in status.blocked),
    )
    if said != allowed and not agree(account, right, _class_of(said)):
        yield Complaint(
            "state, allowed_call_types, blocked",
            tuple(allowed),
            tuple(said),
        )
    for name, wanted, has in contents(account, status, evidence.ledger.published.plans):
        if wanted != has:
            yield Complaint(name, wanted, has)


def _money_at(account: Folded, seq: int) -> tuple[str, int, int] | tuple[None, None, None]:
    """Return currency, balance and debt after an entry; none of them where there were no credits."""
    currency = account.credits.currency_at(seq)
    return (None, None, None) if currency == NO_CURRENCY else (currency, *account.at(seq))


def _hold_last(evidence: Inputs, account: Folded, status: r.AccountStatus) -> Iterator[Complaint]:
    """Hold the last status of a tenant against the end of the ledger."""
    before, last = class_at(account, status.seq), class_at(account, account.seq)
    if not agree(account, last, before):
        now = allowed_in(last)
        yield Complaint(
            "allowed_call_types at the end of the ledger",
            now.allowed_call_types,
            tuple(status.allowed_call_types),
        )
    stored = evidence.books.accounts.get(status.tenant_id, [])
    state = stored[-1].state if stored else None
    if state is not None and state.dirty != (status.seq < account.seq):
        owed = account.seq if not state.dirty else f"below {account.seq}, a status is owed"
        yield Complaint("seq", owed, status.seq)
    certain = account.purse.is_certain and not account.has_gaps
    if certain and status.seq == account.seq:
        left = funds_left(account)
        if (said := said_of(status.funds)) != left:
            yield Complaint("funds", left, said)
