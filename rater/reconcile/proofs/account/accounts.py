"""Accounts: what the changelog holds is what the ledger folds to (I4)."""

from collections.abc import Iterator

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.account_state import NEVER_MS, NO_CONTRACT, AccountState, Head
from rater.reconcile.folds.books import SOURCES, Stored
from rater.reconcile.folds.folded import Folded
from rater.reconcile.folds.shadow_balance import GRACE_MS
from rater.reconcile.inputs import Inputs
from rater.reconcile.proofs.account.statuses import agree, class_at, last_said
from topics import catalog
from topics import records as r
from topics.fields import AMOUNT_MICROS_MAX

FAR = 2 * AMOUNT_MICROS_MAX
"""Beyond every balance."""
PROOF = "accounts"
TOPIC = catalog.ACCOUNTS_CHANGELOG.name

_Lots = list[tuple[str, int, int, int, str | None]]

_OFFSETS = dict(
    zip(SOURCES, ("cdr_offset", "command_offset", "request_offset", "timer_offset"), strict=True)
)
"""Where an account keeps what it has applied of each source."""


def prove(evidence: Inputs) -> Iterator[Difference]:
    """Prove it for the last record of every tenant; earlier ones must agree with the ledger at their number."""
    said = {tenant: status for tenant, (_, status) in last_said(evidence).items()}
    for tenant, account in evidence.ledger.accounts.items():
        if tenant not in evidence.books.accounts and account.has_moved:
            wrong = Complaint("record", f"an account at seq {account.seq}", None)
            yield evidence.differ(PROOF, TOPIC, None, tenant, wrong)
    for tenant, history in evidence.books.accounts.items():
        folded = evidence.ledger.accounts.get(tenant)
        for stored in history:
            is_last = stored is history[-1]
            if stored.state and evidence.is_before_beginning(tenant, stored.state.seq):
                continue
            for wrong in _hold(folded, stored, said.get(tenant) if is_last else None, is_last):
                yield evidence.differ(PROOF, TOPIC, stored.offset, tenant, wrong)


def _hold(
    folded: Folded | None,
    stored: Stored,
    status: r.AccountStatus | None,
    is_last: bool,  # noqa: FBT001
) -> Iterator[Complaint]:
    """Hold one stored account against the ledger at its sequence number."""
    state, head = stored.state, stored.head
    if state is None or head is None:
        yield Complaint("value", "an account, they are never removed", None)
        return
    if folded is None:
        yield Complaint("tenant_id", "a tenant of the ledger", state.tenant_id)
        return
    if not folded.base <= state.seq <= folded.seq:
        yield Complaint("seq", f"{folded.base} to {folded.seq}, the last of the ledger", state.seq)
        return
    if (state.balance, state.debt) != folded.at(state.seq):
        yield Complaint("balance, debt", folded.at(state.seq), (state.balance, state.debt))
    yield from _hold_head(head, state)
    if is_last:
        yield from _hold_last(folded, state)
        if not folded.has_gaps:
            yield from _hold_watch(folded, state)
        if status is not None and state.status_ms != status.at_ms:
            yield Complaint("status_ms", status.at_ms, state.status_ms)


def _hold_head(head: Head, state: AccountState) -> Iterator[Complaint]:
    """Hold the head of a stored account against the account itself."""
    due = _due_ms(state)
    due_ms = min(due, state.carry_ms)
    expected = Head(state.dirty, due_ms, tuple(getattr(state, name) for name in _OFFSETS.values()))
    if head != expected:
        yield Complaint("head", expected, head)
    if state.due_ms != due:
        yield Complaint("due_ms", due, state.due_ms)
    calm = _calm(state)
    if (state.calm_from, state.calm_to) != calm:
        yield Complaint("calm_from, calm_to", calm, (state.calm_from, state.calm_to))


def _due_ms(state: AccountState) -> int:
    """Return when the account is due."""
    graces = [lot.expires_ms + GRACE_MS for lot in state.expired]
    billing = None if state.contract is None else state.contract.billing
    looks = [] if billing is None else [billing.look_ms]
    return min([lot.due_ms for lot in state.lots] + graces + looks, default=NEVER_MS)


def _calm(state: AccountState) -> tuple[int, int]:
    """Return from which balance on, and below which, no threshold has anything to say."""
    billing = None if state.contract is None else state.contract.billing
    if billing is not None and billing.pays_later:
        return -FAR, FAR
    if state.hour_thresholds:
        return 1, 0
    low = max((t.amount for t in state.thresholds if t.armed), default=-FAR)
    high = min((t.amount for t in state.thresholds if not t.armed), default=FAR)
    return (max(low, 1), high) if state.balance > 0 else (low, min(high, 1))


def _hold_last(folded: Folded, state: AccountState) -> Iterator[Complaint]:
    """Hold the last stored account against the end of the ledger."""
    right = class_at(folded, folded.seq)
    if not agree(folded, right, state.status_class):
        yield Complaint("status_class", right, state.status_class)
    for name, expected, found in (
        ("seq", folded.seq, state.seq),
        ("currency", folded.credits.currency, state.currency),
        *((n, folded.applied.get(s, -1), getattr(state, n)) for s, n in _OFFSETS.items()),
        *_settings(folded, state),
        *_lots(folded, state),
    ):
        if expected != found:
            yield Complaint(name, expected, found)


def _hold_watch(folded: Folded, state: AccountState) -> Iterator[Complaint]:
    """Hold what the account knows of its spending against the ledger."""
    breaker, burn = folded.breaker, folded.burn
    watched = [(w.threshold_id, w.amount, w.armed, w.label) for w in folded.edges.hours]
    high_rate = breaker.high_rate and (*breaker.high_rate, breaker.known, breaker.fresh_ms)
    spent, stored = state.spending, state.spending.high_rate
    hour = (breaker.hour, breaker.spent, breaker.spent_before)
    for name, expected, found in (
        (
            "hour_thresholds",
            watched,
            [(t.threshold_id, t.amount, t.armed, t.label) for t in state.hour_thresholds],
        ),
        ("recharge_seq", folded.recharge_seq, state.recharge_seq),
        (
            "burn, burn_from, burn_to",
            (burn.burn, burn.first, burn.now),
            (spent.burn, spent.burn_from, spent.burn_to),
        ),
        ("spend_per_hour", breaker.spend_per_hour, spent.per_hour),
        (
            "spend_hour, spent, spent_before",
            hour,
            (spent.hour, spent.spent, spent.spent_before),
        ),
        ("cost_limit", breaker.cost_limit, spent.cost_limit),
        (
            "high_rate",
            high_rate,
            stored and (stored.rate, stored.most, stored.known, stored.fresh_ms),
        ),
        ("held, tripped", (breaker.held, breaker.tripped), (spent.held, spent.tripped)),
    ):
        if expected != found:
            yield Complaint(name, expected, found)


def _settings(folded: Folded, state: AccountState) -> Iterator[tuple[str, object, object]]:
    opened = folded.opened
    if opened.kind in ("account_opened", "balance_carried_forward"):
        yield "carry_ms", folded.carry_ms, state.carry_ms
    if not folded.has_gaps:
        standing = folded.standing
        yield "closed_ms", standing.closed_ms, state.closed_ms
        yield "decks", standing.decks, state.decks
        yield "past", standing.past, state.past
        # That nothing is said of plans, is not told from that there are none.
        clocks = folded.contract.clocks
        yield "time_zone", clocks and clocks.kept_first, state.time_zone if clocks else None
        yield "contract", folded.contract.stored(), state.contract or NO_CONTRACT
        watched = [(w.threshold_id, w.amount, w.armed, w.label) for w in folded.edges.watched]
        found = [(t.threshold_id, t.amount, t.armed, t.label) for t in state.thresholds]
        yield "thresholds", watched, found


def _lots(folded: Folded, state: AccountState) -> Iterator[tuple[str, object, object]]:
    purse = folded.purse
    if folded.has_gaps or not purse.is_certain:
        return
    for name, lots, stored in (
        ("lots", purse.live, state.lots),
        ("expired", purse.expired, state.expired),
    ):
        expected: _Lots = [
            (x.lot_id, x.purchased_ms, x.expires_ms, x.remaining, x.category) for x in lots
        ]
        found: _Lots = [
            (x.lot_id, x.purchased_ms, x.expires_ms, x.remaining, x.category) for x in stored
        ]
        yield name, expected, found
    looks = [lot.due_ms for lot in state.lots]
    if all(due >= 0 for due in looks):
        yield "due_ms of lots", [lot.due_ms for lot in purse.live], looks
    yield "forfeited_to_ms", purse.forfeited_to_ms, state.forfeited_to_ms
