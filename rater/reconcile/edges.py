"""Edges: the balance events that the ledger implies, worked out anew (I7, D10).

A threshold fires once when the balance is below it, strictly, and is re-armed when the balance is at or above it again;
downwards from the highest to the lowest, upwards the other way. The balance is exhausted from above zero to zero or
below, and restored the other way. Money in and settings are told after what they caused.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from rater.reconcile.books import BalanceEntry, BalanceEvent
from topics import records as r


class Edge(NamedTuple):
    """A balance event: all its fields; `subject` and `micros` are threshold or lot and its amount."""

    event_id: str
    tenant_id: str
    kind: str
    seq: int
    at_ms: int
    currency: str
    balance_micros: int
    cause: str
    cause_id: str
    subject: str | None
    micros: int | None


class _Move(NamedTuple):
    """What an entry moves, before it is dressed as an event."""

    kind: str
    subject: str | None = None
    micros: int | None = None


class Watched(msgspec.Struct, gc=False):
    """A threshold, and whether it would fire."""

    threshold_id: str
    amount: int
    armed: bool


_WORDS = {
    "threshold_crossed": "crossed/",
    "threshold_rearmed": "rearmed/",
    "balance_exhausted": "exhausted",
    "balance_restored": "restored",
    "funds_credited": "credited",
    "funds_expired": "expired/",
    "settings_changed": "settings",
}


class Edges:
    """The thresholds of one tenant."""

    def __init__(self) -> None:
        """Begin with none."""
        self.watched: list[Watched] = []

    def of(self, entry: BalanceEntry, before: int, after: int) -> list[Edge]:
        """Return the events of an entry in their order, given the balances around it."""
        moves: list[_Move] = []
        if entry.kind == "thresholds_set":
            self._set(entry.thresholds)
            moves.append(_Move("settings_changed"))
            moves += self._crossings(before, after)
        elif before != after:
            moves += self._crossings(before, after)
        if entry.kind == "funds_added":
            moves.append(_Move("funds_credited", entry.lot.lot_id, entry.lot.granted_micros))
        elif entry.kind == "lot_expired":
            moves.append(_Move("funds_expired", entry.lot_id, -entry.amount_micros))
        return [_edge(entry, after, move) for move in moves]

    def _set(self, settings: Iterable[r.ThresholdSetting]) -> None:
        armed = {(w.threshold_id, w.amount): w.armed for w in self.watched}
        watched = [
            Watched(
                s.threshold_id, s.amount_micros, armed.get((s.threshold_id, s.amount_micros), True)
            )
            for s in settings
        ]
        self.watched = sorted(watched, key=lambda w: (-w.amount, w.threshold_id))

    def _crossings(self, before: int, balance: int) -> Iterator[_Move]:
        for watched in self.watched:
            if watched.armed and balance < watched.amount:
                watched.armed = False
                yield _Move("threshold_crossed", watched.threshold_id, watched.amount)
        if balance <= 0 < before:
            yield _Move("balance_exhausted")
        elif before <= 0 < balance:
            yield _Move("balance_restored")
        for watched in reversed(self.watched):
            if not watched.armed and balance >= watched.amount:
                watched.armed = True
                yield _Move("threshold_rearmed", watched.threshold_id, watched.amount)


def _edge(entry: BalanceEntry, balance: int, move: _Move) -> Edge:
    word = _WORDS[move.kind]
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
        move.subject,
        move.micros,
    )


def _cause(entry: BalanceEntry) -> tuple[str, str]:
    match entry.kind:
        case "charge":
            return "charge", entry.cdr_id
        case "funds_added":
            return "credit", entry.command_id
        case "adjusted":
            return "adjustment", entry.command_id
        case "lot_expired" | "lot_forfeited":
            return "expiry", entry.lot_id
        case "account_closed":
            return "close", entry.command_id
        case _:
            return "settings", entry.command_id


def edge_of(event: BalanceEvent) -> Edge:
    """Return an event as it was found."""
    subject: Any = None
    micros: Any = None
    if event.kind in ("threshold_crossed", "threshold_rearmed"):
        subject, micros = event.threshold_id, event.threshold_micros
    elif event.kind in ("funds_credited", "funds_expired"):
        subject, micros = event.lot_id, event.amount_micros
    return Edge(
        event.event_id,
        event.tenant_id,
        event.kind,
        event.seq,
        event.at_ms,
        event.currency,
        event.balance_micros,
        event.cause,
        event.cause_id,
        subject,
        micros,
    )
