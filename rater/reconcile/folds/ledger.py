"""Ledger: the entries of a partition folded per tenant (I1, I4, I5, I13).

The fold trusts amounts, not balances: a balance is the running sum, and what an entry says of it is compared. After a
gap in a tenant's numbers the fold takes up the balance that the next entry implies, and no longer vouches for the lots
and events of that tenant: one lost entry is one difference, not a hundred.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from rater.reconcile.difference import Complaint, Difference, difference
from rater.reconcile.folds.books import CDRS, COMMANDS, ORDERS, UNASKED, BalanceEntry, Books
from rater.reconcile.folds.breaker import Breaker
from rater.reconcile.folds.burn import Burn
from rater.reconcile.folds.settings_versions import SettingsVersions
from rater.reconcile.folds.shadow_balance import ShadowBalance
from rater.reconcile.folds.standing import Standing
from rater.reconcile.folds.threshold_events import Edge, ThresholdEvents, edge_of_refusal
from topics import catalog
from topics import records as r

PROOF = "ledger"

_OF_CDRS = ("charge", "charge_reversed", "spend_limit_tripped")
"""The kinds of entry that only a CDR can cause."""
_FROM_CDRS = frozenset((*_OF_CDRS, *UNASKED)) - {"deck_warning"}
"""The kinds of entry that a CDR can cause."""
_NOT_AFTER_CLOSING = frozenset(
    (
        *("funds_added", "thresholds_set", "adjusted", "account_closed", "auto_recharge_set"),
        *("decks_set", "deck_warning"),
        *("payment_methods_set", "recipients_set", "spend_limits_set", "recharge_resumed"),
    )
)
"""The kinds that a closed account has no more of, but for the money of a recharge."""


@dataclass(slots=True)
class Folded:
    """One tenant's account as the ledger says it. `balances[n]` is that after entry n + 1."""

    opened: BalanceEntry
    breaker: Breaker
    seq: int = 0
    balance: int = 0
    purse: ShadowBalance = field(default_factory=ShadowBalance)
    edges: ThresholdEvents = field(default_factory=ThresholdEvents)
    burn: Burn = field(default_factory=Burn)
    recharge_seq: int = 0
    balances: list[int] = field(default_factory=list)
    debts: list[int] = field(default_factory=list)
    runways: list[int | None] = field(default_factory=list)
    holds: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])
    """What is held, as bits, from which entry on."""
    standing: Standing = field(default_factory=Standing)
    applied: dict[str, int] = field(default_factory=dict)
    """The last offset applied per source topic."""
    halfway: tuple[r.ChargeReversed, int] | None = None
    """A charge that was taken back by a correction, whose own must be next; and the balance before both."""
    has_gaps: bool = False

    def at(self, seq: int) -> tuple[int, int]:
        """Return balance and debt after an entry that was folded."""
        return self.balances[seq - 1], self.debts[seq - 1]

    def held_at(self, seq: int) -> int:
        """Return what was held after an entry, as bits of the paid classes."""
        return self.holds[bisect_right(self.holds, seq, key=lambda hold: hold[0]) - 1][1]


@dataclass(slots=True)
class Ledger:
    """All tenants of a partition, the events that their entries imply, and what was wrong."""

    settings: SettingsVersions
    accounts: dict[str, Folded] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    refused_credits: list[r.CommandRejected] = field(default_factory=list)
    """The refusals that imply an event, though they take no sequence number."""
    originals: dict[str, r.Charge] = field(default_factory=dict)
    """The charges that are taken back further on, by their ids."""
    faults: list[Difference] = field(default_factory=list)


def fold(books: Books, settings: SettingsVersions) -> Ledger:
    """Fold the ledger of a partition, in the order of offsets."""
    ledger = Ledger(settings)
    topic = catalog.LEDGER.name
    taken_back = {e.reverses for e in books.ledger.values() if e.kind == "charge_reversed"}
    for offset, entry in books.ledger.items():
        match entry.kind:
            case "command_rejected":
                complaints = _hold_refusal(ledger, entry)
                _tell_refusal(ledger, entry)
            case _:
                complaints = _take(books, ledger, entry)
                if entry.kind == "charge" and entry.entry_id in taken_back:
                    ledger.originals[entry.entry_id] = entry
        place = (topic, books.partition, offset)
        ledger.faults += [difference(PROOF, place, entry.tenant_id, c) for c in complaints]
    for tenant, account in ledger.accounts.items():
        whole = (topic, books.partition, None)
        ledger.faults += [difference(PROOF, whole, tenant, c) for c in _conserve(account)]
    return ledger


def _hold_refusal(ledger: Ledger, entry: r.CommandRejected) -> list[Complaint]:
    """Hold a refusal against the account as it then was; a refusal changes nothing."""
    source = f"{entry.source_topic}/{entry.source_partition}/{entry.source_offset}"
    topic = entry.source_topic if entry.source_topic in ORDERS else COMMANDS
    expected: tuple[object, ...] = (source, topic, 0, None, None)
    if (account := ledger.accounts.get(entry.tenant_id)) is not None:
        expected = (source, topic, account.seq, account.opened.currency, account.balance)
    found = (entry.entry_id, entry.source_topic, entry.seq, entry.currency, entry.balance_micros)
    if expected == found:
        return []
    return [Complaint("entry_id, source_topic, seq, currency, balance_micros", expected, found)]


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
    if account is None:
        breaker = Breaker(ledger.settings, entry.currency)
        account = ledger.accounts[entry.tenant_id] = Folded(entry, breaker)
    if entry.seq <= account.seq:
        return [Complaint("seq", account.seq + 1, entry.seq)]
    complaints = [*_number(account, entry), *_hold_correction(account, entry)]
    complaints += _hold_head(books, account, entry)
    before = account.balance
    account.seq = entry.seq
    account.balance += entry.amount_micros
    if account.balance != entry.balance_micros:
        complaints.append(Complaint("balance_micros", account.balance, entry.balance_micros))
    account.burn.take(entry)
    hours_remaining = account.burn.hours_remaining(account.balance)
    if not account.has_gaps:
        cdr = books.cdrs.get(entry.source_offset) if entry.kind in _OF_CDRS else None
        original = ledger.originals.get(entry.reverses) if entry.kind == "charge_reversed" else None
        complaints += account.purse.take(entry, original)
        complaints += account.breaker.take(entry, cdr)
        complaints += account.standing.take(entry)
        is_broken = bool(account.breaker.pending or account.breaker.tripped)
        if entry.kind == "charge_reversed" and entry.by == "correction":
            account.halfway = entry, before
        else:
            since = before if account.halfway is None else account.halfway[1]
            balances, account.halfway = (since, account.balance), None
            ledger.edges += account.edges.of(entry, balances, hours_remaining, is_broken=is_broken)
    account.balances.append(account.balance)
    account.debts.append(entry.overdraft_micros)
    account.runways.append(hours_remaining)
    if account.breaker.held != account.holds[-1][1]:
        account.holds.append((entry.seq, account.breaker.held))
    account.applied[entry.source_topic] = entry.source_offset
    return complaints


def _hold_correction(account: Folded, entry: BalanceEntry) -> Iterator[Complaint]:
    """Hold a correction's two entries against each other: the charge follows what it replaces at once."""
    if account.has_gaps:
        return
    found = (entry.reverses, entry.cdr_id, entry.version) if entry.kind == "charge" else None
    if account.halfway is not None:
        back = account.halfway[0]
        wanted = (back.reverses, back.cdr_id, back.by_version)
        where = (back.seq + 1, back.source_offset)
        if (found, entry.seq, entry.source_offset) != (wanted, *where):
            yield Complaint("kind", f"the charge of the correction before: {wanted}", found)
    elif found is not None and found[0] is not None:
        yield Complaint("reverses", "nothing, for nothing was taken back just before", found[0])


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
    if entry.currency != opened.currency:
        yield Complaint("currency", opened.currency, entry.currency)
    if (entry.kind == "account_opened") != (entry is opened):
        yield Complaint("kind", "account_opened as the first entry and never again", entry.kind)
    if entry.source_partition != books.partition:
        yield Complaint("source_partition", books.partition, entry.source_partition)
    by_cdr = entry.kind in _FROM_CDRS and entry.source_topic == CDRS
    if not by_cdr and (entry.source_topic not in ORDERS or entry.kind in _OF_CDRS):
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


def _conserve(account: Folded) -> Iterator[Complaint]:
    """Prove conservation: purchases + adjustments - charges - forfeitures - reversals = balance + what is in grace."""
    purse = account.purse
    if account.has_gaps or not purse.is_certain:
        return
    yield from account.breaker.still_pending()
    if account.halfway is not None:
        yield Complaint("kind", "the charge of the correction at the end", "nothing")
    put_in = purse.funded + purse.adjusted - purse.charged - purse.forfeited - purse.reversed
    kept = account.balance + purse.in_grace
    if put_in != kept:
        yield Complaint("conservation, in micros", put_in, kept)
    if purse.balance != account.balance:
        yield Complaint("live lots less debt", account.balance, purse.balance)
