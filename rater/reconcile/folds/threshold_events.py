"""ThresholdEvents: the balance events that the ledger implies, worked out anew (I7, D10).

A threshold fires once when the balance is below it, strictly, and is re-armed when the balance is at or above it again;
downwards from the highest to the lowest, upwards the other way. The balance is exhausted from above zero to zero or
below, and restored the other way. One in hours does so with the runway, after all that, at every entry. What happens
while a spend limit is broken, by the very charge that breaks it too, says so. Settings are told before what they cause;
money, expiries and what is held, after. Captured money that is refused has an event, too.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from rater.reconcile.folds.billing import State
from rater.reconcile.folds.books import BalanceEntry
from rater.reconcile.folds.event_names import CAUSES, SETTINGS, WORDS
from rater.reconcile.folds.pool_alerts import Alert
from topics import records as r

REFUSED = "credit_refused"
TRIGGER, TRIGGER_HOURS = "auto_recharge", "auto_recharge_hours"


class Edge(NamedTuple):
    """A balance event: all its fields; `subject` and `micros` are threshold, lot or limit and its amount."""

    event_id: str
    tenant_id: str
    kind: str
    seq: int
    at_ms: int
    currency: str
    balance_micros: int
    cause: str
    cause_id: str
    hours_remaining: int | None
    subject: str | None
    micros: int | None
    more: tuple[object, ...]
    """What else it says; of recipients how many and how, as in the ledger."""


class _Move(NamedTuple):
    """What an entry moves, before it is dressed as an event."""

    kind: str
    subject: str | None = None
    micros: int | None = None
    more: tuple[object, ...] = ()


class Watched(msgspec.Struct, gc=False):
    """A threshold, and whether it would fire."""

    threshold_id: str
    amount: int
    armed: bool
    label: str | None = None


class ThresholdEvents:
    """The thresholds of one tenant, by balance and by runway."""

    def __init__(self) -> None:
        """Begin with none."""
        self.watched: list[Watched] = []
        self.hours: list[Watched] = []

    def of(
        self,
        entry: BalanceEntry,
        around: tuple[tuple[int, int], tuple[State, State]],
        hours_remaining: int | None,
        alerts: list[Alert],
        *,
        is_broken: bool,
    ) -> list[Edge]:
        """Return the events of an entry in their order, given balance and billing around it and the runway after it.

        `alerts`: of pools that run out. `is_broken`: a limit of spending is broken, by this very charge or before it.
        """
        (before, after), paid = around
        # Who pays later is never exhausted.
        funded = (before > 0 or paid[0].pays_later, after > 0 or paid[1].pays_later)
        is_silent = paid[1].pays_later
        moves: list[_Move] = []
        if entry.kind in SETTINGS:
            self._set(entry)
            if (kind := SETTINGS[entry.kind]) is not None:
                moves.append(_Move(kind, more=_settings_of(entry)))
            moves += self._crossings(after, funded, is_silent=is_silent)
        elif entry.kind == "billing_state_changed":
            if paid[1].is_reached and not paid[0].is_reached:
                more = (entry.credit_limit_micros, entry.until_ms)
                moves.append(_Move("credit_limit_reached", entry.month, entry.owed_micros, more))
            moves += self._crossings(after, funded, is_silent=is_silent)
        elif entry.kind == "balance_carried_forward" and entry.ended is not None:
            moves.append(_Move("month_ended", entry.ended))
        elif before != after:
            moves += self._crossings(after, funded, is_silent=is_silent)
        if not is_silent:
            moves += self._hour_crossings(hours_remaining)
        moves += [
            _Move("pool_used", a.subject(), a.used_s, _alerted(a, pays_later=paid[1].pays_later))
            for a in alerts
        ]
        moves += _told_after(entry)
        dressed = (_held(move) if is_broken else move for move in moves)
        return [_edge(entry, after, hours_remaining, move) for move in dressed]

    def _set(self, entry: BalanceEntry) -> None:
        if entry.kind == "thresholds_set":
            set_now = entry.thresholds
            self.watched = _replaced(
                self.watched,
                {s.threshold_id: (s.amount_micros, s.label) for s in set_now}
                | {
                    w.threshold_id: (w.amount, None)
                    for w in self.watched
                    if w.threshold_id == TRIGGER
                },
            )
            self.hours = _replaced(
                self.hours,
                {s.threshold_id: (s.hours, s.label) for s in set_now}
                | {
                    w.threshold_id: (w.amount, None)
                    for w in self.hours
                    if w.threshold_id == TRIGGER_HOURS
                },
            )
        elif entry.kind == "auto_recharge_set":
            amount = entry.trigger_micros if entry.enabled else None
            hours = entry.trigger_h if entry.enabled else None
            others = {w.threshold_id: (w.amount, w.label) for w in self.watched}
            self.watched = _replaced(self.watched, {**others, TRIGGER: (amount, None)})
            others = {w.threshold_id: (w.amount, w.label) for w in self.hours}
            self.hours = _replaced(self.hours, {**others, TRIGGER_HOURS: (hours, None)})

    def _crossings(
        self, balance: int, funded: tuple[bool, bool], *, is_silent: bool
    ) -> Iterator[_Move]:
        for watched in [] if is_silent else self.watched:
            if watched.armed and balance < watched.amount:
                watched.armed = False
                more = (None, watched.label, False)
                yield _Move("threshold_crossed", watched.threshold_id, watched.amount, more)
        if funded == (True, False):
            yield _Move("balance_exhausted", more=(False,))
        elif funded == (False, True):
            yield _Move("balance_restored")
        for watched in [] if is_silent else self.watched[::-1]:
            if not watched.armed and balance >= watched.amount:
                watched.armed = True
                yield _Move(
                    "threshold_rearmed", watched.threshold_id, watched.amount, (None, False)
                )

    def _hour_crossings(self, hours_remaining: int | None) -> Iterator[_Move]:
        for watched in self.hours:
            if watched.armed and hours_remaining is not None and hours_remaining < watched.amount:
                watched.armed = False
                more = (watched.amount, watched.label, False)
                yield _Move("threshold_crossed", watched.threshold_id, None, more)
        for watched in reversed(self.hours):
            if not watched.armed and (hours_remaining is None or hours_remaining >= watched.amount):
                watched.armed = True
                yield _Move(
                    "threshold_rearmed", watched.threshold_id, None, (watched.amount, False)
                )


def _alerted(alert: Alert, *, pays_later: bool) -> tuple[object, ...]:
    """Return what is told of a pool besides its level and use."""
    return alert.pool, alert.plan_name, alert.total_s, alert.user_id, pays_later


def _held(move: _Move) -> _Move:
    """Return a move that happens while a limit is broken: a crossing, or the end of the balance, says so."""
    if move.kind not in ("threshold_crossed", "threshold_rearmed", "balance_exhausted"):
        return move
    return move._replace(more=(*move.more[:-1], True))


def _replaced(
    old: list[Watched], wanted: Mapping[str, tuple[int | None, str | None]]
) -> list[Watched]:
    """Return the thresholds wanted; one that was there with that amount is armed as it was."""
    armed = {(w.threshold_id, w.amount): w.armed for w in old}
    made = [
        Watched(name, amount, armed.get((name, amount), True), label)
        for name, (amount, label) in wanted.items()
        if amount is not None
    ]
    return sorted(made, key=lambda w: (-w.amount, w.threshold_id))


def _settings_of(entry: BalanceEntry) -> tuple[object, ...]:
    """Return what the event of a setting repeats of its entry."""
    match entry.kind:
        case "auto_recharge_set":
            numbers = (entry.recharge_micros, entry.target_micros)
            caps = (entry.count_cap, entry.money_cap_micros)
            trigger = (entry.trigger_micros, entry.trigger_h)
            return (entry.enabled, *trigger, entry.mode, *numbers, *caps)
        case "payment_methods_set":
            return tuple((m.reference, m.customer, m.label) for m in entry.methods)
        case "recipients_set":
            return (entry.emails, entry.language, entry.webhook, entry.statements)
        case _:
            return ()


def _told_after(entry: BalanceEntry) -> Iterator[_Move]:
    match entry.kind:
        case "funds_added":
            lot = entry.lot
            yield _Move("funds_credited", lot.lot_id, lot.granted_micros, (lot.category,))
        case "payment_reversed" | "payment_restored":
            by = (entry.reversal, entry.reversal_id)
            yield _Move(entry.kind, entry.payment_id, entry.moved_micros, by)
        case "lot_expired":
            yield _Move("funds_expired", entry.lot_id, -entry.amount_micros, (entry.category,))
        case "lot_expiry_warned":
            more = (entry.days, entry.expires_ms, entry.category)
            yield _Move("funds_expiring", entry.lot_id, entry.remaining_micros, more)
        case "spend_limit_tripped":
            held = (entry.limit_micros, *entry.denied)
            yield _Move("fraud_suspected", entry.limit, entry.found_micros, held)
        case _:
            return


def _edge(entry: BalanceEntry, balance: int, hours_remaining: int | None, move: _Move) -> Edge:
    word = WORDS[move.kind]
    named = f"{word}{move.subject}" if word.endswith("/") else word
    return Edge(
        f"{entry.tenant_id}/{entry.seq}/{named}",
        entry.tenant_id,
        move.kind,
        entry.seq,
        entry.at_ms,
        entry.currency,
        balance,
        *_cause(entry),
        hours_remaining,
        move.subject,
        move.micros,
        move.more,
    )


def _cause(entry: BalanceEntry) -> tuple[str, str]:
    match entry.kind:
        case "charge" | "charge_reversed" | "spend_limit_tripped":
            return "charge", entry.cdr_id
        case "lot_expired" | "lot_forfeited" | "lot_expiry_warned":
            return "expiry", entry.lot_id
        case "billing_state_changed":
            return entry.cause, entry.cause_id
        case _:
            return CAUSES.get(entry.kind, "settings"), entry.command_id


def edge_of_refusal(entry: r.CommandRejected, hours_remaining: int | None) -> Edge | None:
    """Return the event of a refusal; None: no captured money, or no account."""
    if entry.lot_id is None or entry.currency is None or entry.balance_micros is None:
        return None
    return Edge(
        f"{entry.tenant_id}/{entry.seq}/{REFUSED}/{entry.lot_id}",
        entry.tenant_id,
        REFUSED,
        entry.seq,
        entry.at_ms,
        entry.currency,
        entry.balance_micros,
        "credit",
        entry.command_id,
        hours_remaining,
        entry.lot_id,
        entry.credit_micros,
        (entry.reason, entry.payment_command_id),
    )
