"""Carried: what the entry of a new month says of an account, held against the fold; or taken for its beginning.

In the middle of a ledger every field follows from the entries before. Where these are gone it is believed, as far as it
adds up; what is wrong in it then shows in what comes after, and at the end, in the accounts' changelog.
"""

from collections.abc import Iterator
from typing import Any

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.account_state import (
    NEVER_MS,
    StoredBillingMode,
    StoredEntitlement,
    StoredPast,
)
from rater.reconcile.folds.billing import Billing
from rater.reconcile.folds.books import CDRS
from rater.reconcile.folds.breaker import AUTO_RECHARGE, BITS, PAID, Breaker
from rater.reconcile.folds.clocks import Clocks, turns_of, with_before
from rater.reconcile.folds.folded import Folded
from rater.reconcile.folds.lot_times import month_after
from rater.reconcile.folds.purse_lots import PurseLot
from rater.reconcile.folds.threshold_events import Watched
from topics import catalog
from topics import records as r

_OFFSETS = {
    "cdr_offset": CDRS,
    "command_offset": catalog.ACCOUNT_COMMANDS.name,
    "request_offset": catalog.ACCOUNT_REQUESTS.name,
}
"""That of timers is the entry's own."""
_AHEAD_MS = 15 * 3_600_000
"""Longer than any clocks are ahead of those of UTC."""

Facts = Iterator[tuple[str, object, object]]
"""Name, what the fold has, what the entry says."""


def hold(account: Folded, entry: r.BalanceCarriedForward) -> Iterator[Complaint]:
    """Hold an entry against the account before it, which the ledger folds to."""
    if account.has_gaps:
        return
    for facts in (_head(account, entry), _lots(account, entry), _watched(account, entry)):
        for name, expected, found in facts:
            if expected != found:
                yield Complaint(name, expected, found)
    for name, expected, found in _spending(account, entry.spending):
        if expected != found:
            yield Complaint(f"spending.{name}", expected, found)
    if entry.at_ms < entry.month_ms:
        yield Complaint("at_ms", f"not before {entry.month_ms}", entry.at_ms)


def _head(account: Folded, entry: r.BalanceCarriedForward) -> Facts:
    standing = account.standing
    past = standing.past or StoredPast(-1, [], [])
    said = StoredPast(
        -1 if entry.settled_ms is None else entry.settled_ms,
        [(each.from_ms, each.to_ms) for each in entry.closures],
        [(each.until_ms, list(each.decks)) for each in entry.earlier_decks],
    )
    yield "month_ms", account.carry_ms, entry.month_ms
    yield "decks", standing.decks, list(entry.decks)
    yield "closed_ms", standing.closed_ms, NEVER_MS if entry.closed_ms is None else entry.closed_ms
    yield "settled_ms, closures, earlier_decks", past, said
    yield "recharge_seq", account.recharge_seq, entry.recharge_seq
    yield from _contract(account, entry)
    for name, topic in _OFFSETS.items():
        yield name, account.applied.get(topic), getattr(entry, name)


def _contract(account: Folded, entry: r.BalanceCarriedForward) -> Facts:
    clocks = account.contract.clocks
    if clocks is not None:
        yield "time_zone", clocks.zone_at(entry.at_ms), entry.time_zone
        turns = with_before(clocks.kept_first, clocks.kept)
        yield "time_zone_changes", turns, turns_of(entry.time_zone_changes)
    expected = account.contract.stored()
    said = [
        StoredEntitlement(e.plan_id, e.usage_country, e.valid_from_ms, e.licences, e.seq)
        for e in entry.entitlements
    ]
    yield "entitlements", expected.entitlements, said
    modes = [
        StoredBillingMode(e.valid_from_ms, e.mode == "post_paid", e.seq, e.credit_limit_micros or 0)
        for e in entry.billing_modes
    ]
    yield "billing_modes", expected.billing_modes, modes
    yield "unlicensed_calls", expected.unlicensed_calls, entry.unlicensed_calls
    pools = {
        name: (used, *expected.told_s.get(name, (0, 0))) for name, used in expected.used_s.items()
    }
    yield "pools", pools, {e.pool: (e.used_s, e.told_80_s, e.told_100_s) for e in entry.pools}
    again = Billing({})
    again.begin(entry)
    yield "billing", expected.billing, again.stored()
    yield "owed", expected.owed, again.owed


def _lots(account: Folded, entry: r.BalanceCarriedForward) -> Facts:
    purse = account.purse
    if not purse.is_certain:
        return
    live = [(*_kept(lot), lot.due_ms, lot.category) for lot in purse.live]
    grace = [(*_kept(lot), None, lot.category) for lot in purse.expired]
    yield "lots", live, [_said(lot) for lot in entry.lots]
    yield "lots_in_grace", grace, [_said(lot) for lot in entry.lots_in_grace]
    yield "forfeited_to_ms", purse.forfeited_to_ms, entry.forfeited_to_ms


def _kept(lot: PurseLot) -> tuple[object, ...]:
    return lot.lot_id, lot.remaining, lot.purchased_ms, lot.expires_ms


def _said(lot: Any) -> tuple[object, ...]:
    money = (lot.lot_id, lot.remaining_micros, lot.purchased_ms, lot.expires_ms)
    return (*money, lot.due_ms, lot.category)


def _watched(account: Folded, entry: r.BalanceCarriedForward) -> Facts:
    watched, hours = account.edges.watched, account.edges.hours
    expected: list[tuple[object, ...]] = [
        *((w.threshold_id, w.amount, None, w.label) for w in watched),
        *((w.threshold_id, None, w.amount, w.label) for w in hours),
    ]
    said = [(t.threshold_id, t.amount_micros, t.hours, t.label) for t in entry.thresholds]
    yield "thresholds", expected, said
    yield "fired", [w.threshold_id for w in watched + hours if not w.armed], list(entry.fired)


def _spending(account: Folded, said: r.CarriedSpending) -> Facts:
    burn, breaker, watch = account.burn, account.breaker, said.watch
    found = (said.burn, _number(said.burn_from_minute), said.burn_to_minute)
    yield "burn, burn_from_minute, burn_to_minute", (burn.burn, burn.first, burn.now), found
    found = (said.hour, said.spent_micros, said.spent_before_micros)
    expected = (breaker.hour, breaker.spent, breaker.spent_before)
    yield "hour, spent_micros, spent_before_micros", expected, found
    yield "spend_per_hour_micros", breaker.spend_per_hour, _number(said.spend_per_hour_micros)
    yield "cost_per_call_micros", breaker.cost_limit, said.cost_per_call_micros
    yield (
        "watch",
        breaker.high_rate and (*breaker.high_rate, breaker.known, breaker.fresh_ms),
        watch and (*_rate_of(watch), list(watch.known), list(watch.fresh_ms)),
    )
    yield "denied", [name for n, name in enumerate(PAID) if breaker.held >> n & 1], [*said.denied]
    tripped = [name for name, bit in BITS.items() if breaker.tripped & bit]
    yield "tripped", tripped, list(said.tripped)


def _rate_of(watch: Any) -> tuple[int, int]:
    return watch.high_rate_micros, watch.new_high_rate_destinations_max


def _number(said: int | None) -> int:
    return -1 if said is None else said


def begin(entry: r.BalanceCarriedForward, breaker: Breaker) -> Folded:
    """Return the account as it was before an entry, by what that says."""
    account = Folded(entry, breaker, entry.seq, entry.seq - 1)
    account.balance = entry.balance_micros - entry.amount_micros
    account.recharge_seq = entry.recharge_seq
    account.carry_ms = entry.month_ms
    for name, topic in _OFFSETS.items():
        if (offset := getattr(entry, name)) is not None:
            account.applied[topic] = offset
    _begin_purse(account, entry)
    _begin_standing(account, entry)
    account.credits.begin(entry)
    account.contract.begin(entry)
    _begin_spending(account, entry.spending)
    armed = [
        (s.threshold_id, s.amount_micros, s.hours, s.threshold_id not in entry.fired, s.label)
        for s in entry.thresholds
    ]
    edges = account.edges
    edges.watched = [
        Watched(name, micros, is_armed, label)
        for name, micros, _, is_armed, label in armed
        if micros is not None
    ]
    edges.hours = [
        Watched(name, hours, is_armed, label)
        for name, _, hours, is_armed, label in armed
        if hours is not None
    ]
    breaker.trigger = next((w.amount for w in edges.watched if w.threshold_id == AUTO_RECHARGE), 0)
    return account


def month_ends_ms(entry: Any) -> int:
    """Return when an account is carried forward next, as the entry says that it may begin with."""
    said: int | None = entry.month_ends_ms
    return month_after(entry.at_ms) if said is None else said


def hold_month(account: Folded, entry: Any) -> Iterator[Complaint]:
    """Hold what such an entry says of months against the clocks of the account; an earlier release says nothing."""
    clocks = account.contract.clocks
    if account.has_gaps or clocks is None:
        return
    is_carried = entry.kind == "balance_carried_forward"
    due_ms = entry.month_ms if is_carried else entry.at_ms
    month = clocks.month(due_ms)
    ends_ms = clocks.span(month)[1]
    if entry.month_ends_ms is not None and entry.month_ends_ms != ends_ms:
        yield Complaint("month_ends_ms", ends_ms, entry.month_ends_ms)
    if is_carried and entry.ended is not None:
        before = clocks.month(due_ms - _AHEAD_MS)
        closed_ms = account.standing.closed_ms
        is_shut = closed_ms != NEVER_MS and clocks.month(closed_ms) < before
        is_gone = before == month or is_shut
        if entry.ended != before or is_gone:
            yield Complaint("ended", None if is_gone else before, entry.ended)


def adds_up(entry: r.BalanceCarriedForward) -> Iterator[Complaint]:
    """Hold an entry that an account begins with against itself: its lots and its month."""
    clocks = Clocks(entry.time_zone)
    clocks.begin(entry)
    is_of_utc = month_after(entry.month_ms - 1) == entry.month_ms
    if not is_of_utc and not clocks.ends(clocks.month(entry.month_ms - 1), entry.month_ms):
        yield Complaint("month_ms", "the first instant of a month", entry.month_ms)
    money = sum(lot.remaining_micros for lot in entry.lots) - entry.overdraft_micros
    if money != entry.balance_micros:
        yield Complaint("lots", f"{entry.balance_micros}, the balance, less the overdraft", money)


def _begin_purse(account: Folded, entry: r.BalanceCarriedForward) -> None:
    purse = account.purse
    purse.live = [_purse_lot(lot) for lot in entry.lots]
    purse.expired = [_purse_lot(lot) for lot in entry.lots_in_grace]
    purse.debt = entry.overdraft_micros
    purse.forfeited_to_ms = entry.forfeited_to_ms
    purse.carried = account.balance + purse.in_grace
    purse.look_ms = purse.due_ms()


def _purse_lot(lot: Any) -> PurseLot:
    due_ms = lot.expires_ms if lot.due_ms is None else lot.due_ms
    money = (lot.expires_ms, lot.remaining_micros, due_ms)
    return PurseLot(lot.purchased_ms, lot.lot_id, *money, lot.category)


def _begin_standing(account: Folded, entry: r.BalanceCarriedForward) -> None:
    standing = account.standing
    standing.decks = list(entry.decks)
    standing.deck_turns.append((entry.seq, standing.decks))
    if entry.closed_ms is not None:
        standing.closed_ms = entry.closed_ms
        standing.turns.append((entry.seq, True))
    if entry.settled_ms is not None:
        standing.past = StoredPast(
            entry.settled_ms,
            [(each.from_ms, each.to_ms) for each in entry.closures],
            [(each.until_ms, list(each.decks)) for each in entry.earlier_decks],
        )


def _begin_spending(account: Folded, said: r.CarriedSpending) -> None:
    burn, breaker, watch = account.burn, account.breaker, said.watch
    burn.burn, burn.first = said.burn, _number(said.burn_from_minute)
    burn.now = said.burn_to_minute
    breaker.hour, breaker.spent = said.hour, said.spent_micros
    breaker.spent_before = said.spent_before_micros
    breaker.spend_per_hour = _number(said.spend_per_hour_micros)
    breaker.cost_limit = said.cost_per_call_micros
    if watch is not None:
        breaker.high_rate = _rate_of(watch)
        breaker.known, breaker.fresh_ms = list(watch.known), list(watch.fresh_ms)
    breaker.held = sum(1 << n for n, name in enumerate(PAID) if name in said.denied)
    breaker.tripped = sum(bit for name, bit in BITS.items() if name in said.tripped)
    account.holds = [(0, breaker.held)]
