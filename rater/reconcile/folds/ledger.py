"""Ledger: the entries of a partition folded per tenant (I1, I4, I5, I13).

The fold trusts amounts, not balances: a balance is the running sum, and what an entry says of it is compared. After a
gap in a tenant's numbers the fold takes up the balance that the next entry implies, and no longer vouches for the lots
and events of that tenant: one lost entry is one difference, not a hundred.

Where the oldest entries are gone, an account begins when it is first carried forward; what lies before is passed over.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from rater.reconcile.difference import Complaint, Difference, difference
from rater.reconcile.folds import carried
from rater.reconcile.folds.books import (
    CDRS,
    ORDERS,
    TIMERS,
    UNASKED,
    UNNUMBERED,
    BalanceEntry,
    Books,
    LedgerEntry,
)
from rater.reconcile.folds.breaker import Breaker
from rater.reconcile.folds.causes import is_by_command, is_rating_again
from rater.reconcile.folds.folded import Folded
from rater.reconcile.folds.late_money import Voids, hold_correction, voids_of
from rater.reconcile.folds.past import Past
from rater.reconcile.folds.pool_alerts import Alert, alerts_told
from rater.reconcile.folds.published import Published
from rater.reconcile.folds.returned_money import Original, said_of
from rater.reconcile.folds.threshold_events import Edge, edge_of_refusal
from rater.reconcile.folds.unnumbered import hold_dropped, hold_refusal
from topics import catalog
from topics import records as r

PROOF = "ledger"

_OF_CDRS = ("charge", "charge_reversed", "spend_limit_tripped")
"""The kinds of entry that only a CDR can cause."""
_FROM_CDRS = frozenset((*_OF_CDRS, *UNASKED)) - {"deck_warning"}
"""The kinds of entry that a CDR can cause."""
_BEGINNINGS = ("account_opened", "balance_carried_forward")
_NOT_AFTER_CLOSING = frozenset(
    (
        *("funds_added", "thresholds_set", "adjusted", "account_closed", "auto_recharge_set"),
        *("decks_set", "deck_warning", "entitlements_set", "billing_mode_set", "user_set"),
        *("unlicensed_calls_set", "credits_opened", "time_zone_set"),
        *("payment_methods_set", "recipients_set", "spend_limits_set", "recharge_resumed"),
    )
)
"""The kinds that a closed account has no more of, but for the money of a recharge."""


@dataclass(slots=True)
class Ledger:
    """All tenants of a partition, the events that their entries imply, and what was wrong."""

    published: Published
    accounts: dict[str, Folded] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    refused_credits: list[r.CommandRejected] = field(default_factory=list)
    """The refusals that imply an event, though they take no sequence number."""
    originals: dict[str, r.Charge] = field(default_factory=dict)
    """The charges that are taken back further on, by their ids."""
    voids: Voids = field(default_factory=dict)
    firsts: dict[str, int] = field(default_factory=dict)
    """The first number of each tenant that is left."""
    passed_over: set[int] = field(default_factory=set)
    """The offsets of entries that lie before the beginning of their account."""
    told: dict[tuple[str, int], set[Alert]] = field(default_factory=dict)
    """What was told of pools that run out, by tenant and entry."""
    is_whole: bool = True
    faults: list[Difference] = field(default_factory=list)


def fold(books: Books, published: Published, past: Past) -> Ledger:
    """Fold the ledger of a partition, in the order of offsets, on from what is past."""
    topic, accounts = catalog.LEDGER.name, past.touched(books, published)
    told = alerts_told(books)
    ledger = Ledger(published, accounts, firsts=past.firsts, told=told, is_whole=past.is_whole)
    ledger.voids = voids_of(books.ledger.values())
    taken_back = {e.reverses for e in books.ledger.values() if e.kind == "charge_reversed"}
    for offset, entry in books.ledger.items():
        if entry.kind == "charge" and entry.entry_id in taken_back:
            ledger.originals[entry.entry_id] = entry
        if _is_before_beginning(ledger, entry):
            ledger.passed_over.add(offset)
            continue
        if entry.kind == "command_rejected":
            complaints = hold_refusal(ledger.accounts.get(entry.tenant_id), entry)
            _tell_refusal(ledger, entry)
        elif entry.kind == "call_dropped":
            complaints = hold_dropped(ledger.accounts.get(entry.tenant_id), entry)
        else:
            complaints = _take(books, ledger, entry)
        place = (topic, books.partition, offset)
        ledger.faults += [difference(PROOF, place, entry.tenant_id, c) for c in complaints]
    for tenant, account in ledger.accounts.items():
        whole = (topic, books.partition, None)
        ledger.faults += [difference(PROOF, whole, tenant, c) for c in _conserve(account)]
    return ledger


def _is_before_beginning(ledger: Ledger, entry: LedgerEntry) -> bool:
    """Say whether an entry lies before the beginning of its account, in a ledger of which the oldest are gone."""
    if ledger.is_whole or entry.tenant_id in ledger.accounts:
        return False
    if entry.kind in UNNUMBERED:
        return True
    ledger.firsts.setdefault(entry.tenant_id, entry.seq)
    return entry.kind not in _BEGINNINGS


def _tell_refusal(ledger: Ledger, entry: r.CommandRejected) -> None:
    """Note the event that a refusal implies."""
    account = ledger.accounts.get(entry.tenant_id)
    if account is None or account.has_gaps:
        return
    if (edge := edge_of_refusal(entry, account.runways[-1])) is not None:
        ledger.edges.append(edge)
        ledger.refused_credits.append(entry)


def _take(books: Books, ledger: Ledger, entry: BalanceEntry) -> list[Complaint]:
    """Fold one entry; return what is wrong with it."""
    account = ledger.accounts.get(entry.tenant_id)
    complaints: list[Complaint] = []
    if account is None:
        account = ledger.accounts[entry.tenant_id] = _begin(ledger, entry)
        if account.first > 1 and entry.kind == "balance_carried_forward":
            complaints += carried.adds_up(entry)
    if entry.seq <= account.seq:
        return [Complaint("seq", account.seq + 1, entry.seq)]
    complaints += [*_number(account, entry), *_hold_correction(ledger, account, entry)]
    complaints += _hold_head(books, account, entry)
    if entry.kind == "balance_carried_forward":
        complaints += carried.hold(account, entry)
    before = account.balance
    account.seq = entry.seq
    account.balance += entry.amount_micros
    if account.balance != entry.balance_micros:
        complaints.append(Complaint("balance_micros", account.balance, entry.balance_micros))
    account.burn.take(entry)
    if not account.has_gaps:
        complaints += _take_whole(books, ledger, account, entry, before)
    account.balances.append(account.balance)
    account.debts.append(entry.overdraft_micros)
    account.runways.append(account.hours_remaining())
    if account.breaker.held != account.holds[-1][1]:
        account.holds.append((entry.seq, account.breaker.held))
    account.applied[entry.source_topic] = entry.source_offset
    if entry.kind in _BEGINNINGS:
        complaints += carried.hold_month(account, entry)
        account.carry_ms = carried.month_ends_ms(entry)
    return complaints


def _take_whole(
    books: Books, ledger: Ledger, account: Folded, entry: BalanceEntry, before: int
) -> list[Complaint]:
    """Fold an entry of an account without gaps, whose balance was `before`."""
    complaints: list[Complaint] = []
    billing = account.contract.billing
    paid_before = billing.now
    cdr = books.cdrs.get(entry.source_offset) if entry.kind in _OF_CDRS else None
    original = _original(ledger, entry)
    clocks = account.contract.clocks
    complaints += billing.come_to(entry, clocks)
    owed_of = billing.owing_month(entry, clocks)
    promotional = ledger.published.settings.of(entry).promotional_credit
    complaints += account.purse.take(entry, original, owed_of, promotional)
    has_home = entry.kind == "spend_limit_tripped" and account.contract.may_have_home(cdr)
    complaints += account.breaker.take(entry, cdr, has_home=has_home)
    complaints += [*account.standing.take(entry), *account.contract.take(entry, account.burn.now)]
    complaints += account.contract.take_pools(entry, original, ledger.published)
    complaints += billing.take(entry, original, clocks)
    is_broken = bool(account.breaker.pending or account.breaker.tripped)
    if entry.kind == "charge_reversed" and entry.by != "void":
        account.halfway = entry, before
    else:
        since = before if account.halfway is None else account.halfway[1]
        around, account.halfway = ((since, account.balance), (paid_before, billing.now)), None
        told = ledger.told.get((entry.tenant_id, entry.seq), set())
        alerts = account.contract.alerts_of(entry, ledger.published, told)
        ledger.edges += account.edges.of(
            entry, around, account.hours_remaining(), alerts, is_broken=is_broken
        )
    return complaints


def _original(ledger: Ledger, entry: BalanceEntry) -> Original | None:
    """Return the charge that an entry takes back; where that is gone, what the entry says of it."""
    if entry.kind != "charge_reversed":
        return None
    if _is_gone(ledger, entry.tenant_id, entry.reverses):
        return said_of(entry)
    return ledger.originals.get(entry.reverses)


def _hold_correction(ledger: Ledger, account: Folded, entry: BalanceEntry) -> Iterator[Complaint]:
    """Hold it against what was taken back; what is gone is believed."""
    is_gone = entry.kind == "charge" and _is_gone(ledger, entry.tenant_id, entry.reverses or "")
    return hold_correction(ledger.voids, account, entry, is_gone=is_gone)


def _is_gone(ledger: Ledger, tenant_id: str, entry_id: str) -> bool:
    """Say whether an entry of an account lies before all that is known of it."""
    number = entry_id.rpartition("/")[2]
    first = max(ledger.firsts.get(tenant_id, 1), ledger.accounts[tenant_id].rest_seq + 1)
    return number.isdecimal() and int(number) < first


def _begin(ledger: Ledger, entry: BalanceEntry) -> Folded:
    """Return the account before its first entry, or before the first that is left, if that carried it forward."""
    breaker = Breaker(ledger.published.settings, entry.currency)
    if entry.kind == "balance_carried_forward" and not ledger.is_whole:
        return carried.begin(entry, breaker)
    return Folded(entry, breaker)


def _number(account: Folded, entry: BalanceEntry) -> Iterator[Complaint]:
    """Count the entry; over a gap, take up the balance that it implies."""
    if entry.seq == account.seq + 1:
        return
    yield Complaint("seq", account.seq + 1, entry.seq)
    missing = entry.seq - account.seq - 1
    account.has_gaps = True
    account.balance = entry.balance_micros - entry.amount_micros
    account.balances += [account.balance] * missing
    account.debts += [entry.overdraft_micros] * missing
    account.runways += [None] * missing


def _hold_head(books: Books, account: Folded, entry: BalanceEntry) -> Iterator[Complaint]:
    """Hold what every entry says against where it lies and what came before."""
    expected_id = f"{entry.tenant_id}/{entry.seq}"
    if entry.entry_id != expected_id:
        yield Complaint("entry_id", expected_id, entry.entry_id)
    opened = account.opened
    yield from account.credits.take(entry)
    is_first = entry is opened and account.first == 1
    if (entry.kind == "account_opened") != is_first:
        yield Complaint("kind", "account_opened as the first entry and never again", entry.kind)
    if entry.source_partition != books.partition:
        yield Complaint("source_partition", books.partition, entry.source_partition)
    if not _may_cause(entry):
        yield Complaint("source_topic", "that of a record that can cause this", entry.source_topic)
    if entry.source_offset < account.applied.get(entry.source_topic, -1):
        last = account.applied[entry.source_topic]
        yield Complaint("source_offset", f"not below {last}, applied before", entry.source_offset)
    credit = entry.recharge_seq if entry.kind == "funds_added" else None
    if account.standing.is_closed and entry.kind in _NOT_AFTER_CLOSING and credit is None:
        yield Complaint("kind", "nothing of this after the account was closed", entry.kind)
    if credit is not None:
        if credit <= account.recharge_seq:
            yield Complaint("recharge_seq", f"above {account.recharge_seq}", credit)
        account.recharge_seq = credit


def _may_cause(entry: BalanceEntry) -> bool:
    """Say whether a record of the entry's source topic can cause it."""
    if is_by_command(entry) or is_rating_again(entry):
        return entry.source_topic == TIMERS
    if entry.source_topic == CDRS:
        return entry.kind in _FROM_CDRS
    return entry.source_topic in ORDERS and entry.kind not in _OF_CDRS


def _conserve(account: Folded) -> Iterator[Complaint]:
    """Prove conservation: purchases + adjustments - charges - forfeitures - reversals = balance + what is in grace."""
    purse = account.purse
    if account.has_gaps or not purse.is_certain:
        return
    yield from account.breaker.still_pending()
    yield from account.contract.billing.still_to_say(account.contract.clocks)
    if account.halfway is not None:
        yield Complaint("kind", "the charge of the correction at the end", "nothing")
    put_in = purse.carried + purse.funded + purse.adjusted
    put_in -= purse.charged + purse.forfeited + purse.reversed
    kept = account.balance + purse.in_grace
    if put_in != kept:
        yield Complaint("conservation, in micros", put_in, kept)
    if purse.balance != account.balance:
        yield Complaint("live lots less debt", account.balance, purse.balance)
