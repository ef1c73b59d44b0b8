"""Ledgers to make statements of: those of all stories, and one made by hand."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from rater.core.times import to_millis
from rater.views.statement.figures import Figures
from rater.views.statement.folding import Folding, TakenBack
from rater.views.statement.period import UTC, Clocks, Period, period_of
from rater.wire.pricing.numbering import load_numbers
from tests.played import played

Entries = list[dict[str, Any]]


def folded(entries: Sequence[dict[str, Any]], period: Period) -> Figures:
    """Read a ledger twice, as the command does."""
    taken_back = TakenBack(period)
    for each in entries:
        if not taken_back.take(each):
            break
    folding = Folding("acme", period, taken_back.entry_ids, load_numbers().country_of)
    for each in entries:
        if not folding.take(each):
            break
    return folding.end()


def ledgers() -> Iterator[Entries]:
    """Yield each account's ledger of all stories; an account begins with its entry 1."""
    by_tenant: dict[str, Entries] = {}
    for each in played().entries():
        if each["seq"] == 1 and "amount_micros" in each:
            if each["tenant_id"] in by_tenant:
                yield by_tenant.pop(each["tenant_id"])
            by_tenant[each["tenant_id"]] = []
        if each["tenant_id"] in by_tenant:
            by_tenant[each["tenant_id"]].append(each)
    yield from by_tenant.values()


def months_of(entries: Entries) -> list[str]:
    """Return the months from the first entry to the last."""
    months = sorted({UTC.month_of(each["at_ms"]) for each in entries})
    found = [months[0]]
    while found[-1] < months[-1]:
        year, month = (int(part) for part in found[-1].split("-"))
        found.append(f"{year + month // 12:04}-{month % 12 + 1:02}")
    return found


class Book:
    """A ledger made by hand: each entry follows the one before."""

    def __init__(self, balance: int = 0, seq: int = 0) -> None:
        self.entries: Entries = []
        self._balance, self._seq = balance, seq

    def add(self, kind: str, at_ms: int, amount: int = 0, **fields: Any) -> dict[str, Any]:
        self._seq += 1
        self._balance += amount
        entry = {
            "kind": kind, "entry_id": f"acme/{self._seq}", "tenant_id": "acme", "seq": self._seq,
            "at_ms": at_ms, "currency": "USD", "amount_micros": amount,
            "balance_micros": self._balance, "overdraft_micros": 0, "command_id": "c", **fields,
        }  # fmt: skip
        self.entries.append(entry)
        return entry

    def fund(self, at_ms: int, amount: int, **lot: Any) -> dict[str, Any]:
        given = {"lot_id": "L1", "granted_micros": amount, "expires_ms": at_ms + 1} | lot
        return self.add("funds_added", at_ms, amount, lot=given)

    def charge(
        self, at_ms: int, micros: int, began_ms: int | None = None, **fields: Any
    ) -> dict[str, Any]:
        began = at_ms if began_ms is None else began_ms
        call = {
            "direction": "out", "to": "+33612345678", "answered_ms": began, "duration_s": 90,
            "ended_ms": began, "usage_country": "FR",
        } | fields.pop("call", {})  # fmt: skip
        draws = [{"id": "L1", "amount_micros": micros}] if micros else []
        lines = [{"kind": "usage", "amount_micros": micros}] if micros else []
        given = {
            "cdr_id": f"c{self._seq}", "outcome": "rated", "charge_micros": micros, "call": call,
            "lines": lines, "draws": draws,
        } | fields  # fmt: skip
        return self.add("charge", at_ms, -micros, **given)


def at(text: str) -> int:
    """Return an instant."""
    return to_millis(datetime.fromisoformat(text))


def december(clocks: Clocks = UTC) -> Period:
    """Return December of 2026."""
    return period_of("2026-12", clocks)
