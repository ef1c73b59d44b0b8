"""Priced: by which deck and row a call was priced, what came second, and how its seconds became an amount."""

from typing import Any

from rater.core.account.account import Account
from rater.core.account.past import decks_at
from rater.core.cdr import Cdr
from rater.core.money import NANOS_PER_MICRO
from rater.core.pricing.callers import slots_for
from rater.core.pricing.decks import Deck
from rater.core.pricing.price import price_call
from rater.core.pricing.rates import Row
from rater.core.pricing.rating import Rated, find_masked
from rater.core.pricing.rules import Rules
from rater.core.pricing.schedule import Schedule
from rater.core.pricing.spans import row_at_answer
from rater.core.pricing.terms import Entry
from rater.core.pricing.unrated import Refusal

Fields = dict[str, Any]


def decks_of(account: Account, cdr: Cdr) -> tuple[str, ...]:
    """Return the decks that an account had when a call was answered."""
    past = account.past
    if past is not None and cdr.answered_ms < past.settled_ms:
        return decks_at(past, cdr.answered_ms, account.decks)
    return account.decks


def price_now(cdr: Cdr, decks: tuple[str, ...], currency: str, rules: Rules, at_ms: int) -> Fields:
    """Return what a call costs by these rules, or why it has no price; pools are not asked."""
    priced = price_call(cdr, decks, currency, rules, rules.settings.at(at_ms))
    if isinstance(priced, str):
        return {"outcome": "free", "reason": priced, "charge_micros": 0}
    if isinstance(priced, Refusal):
        return {"outcome": "no price", "reason": str(priced.reason), "detail": priced.detail}
    return {"outcome": priced.outcome, "charge_micros": priced.charge_micros}


def price_told(
    cdr: Cdr, decks: tuple[str, ...], currency: str, rules: Rules, at_ms: int
) -> Fields | None:
    """Return by which row a call is priced, had no pool paid any of it; None where no deck prices it."""
    priced = price_call(cdr, decks, currency, rules, rules.settings.at(at_ms))
    if not isinstance(priced, Rated) or priced.deck_id is None:
        return None
    deck = rules.book.in_force(priced.deck_id, cdr.answered_ms)
    assert deck is not None, priced
    entry = _entry(deck, cdr)
    row = _row(deck, entry, rules, cdr)
    return {
        "deck_id": deck.deck_id,
        "deck_version": deck.version,
        "deck_valid_from_ms": deck.valid_from_ms,
        "prefix": priced.prefix,
        "destination": priced.destination,
        "country": priced.country,
        "number_type": priced.number_type,
        "runner_up": _runner_up(deck, priced, cdr),
        "row": None if row is None else _terms(row),
        "without_pools_micros": priced.charge_micros,
    }


def _entry(deck: Deck, cdr: Cdr) -> Entry | None:
    table = deck.outward if cdr.direction == "out" else deck.inward
    found = find_masked(deck, cdr) if "*" in cdr.to else table.find(cdr.to)
    return None if isinstance(found, Refusal) else found


def _row(deck: Deck, entry: Entry | None, rules: Rules, cdr: Cdr) -> Row | None:
    """Return the row in force at the answer."""
    if entry is None or isinstance(entry, Row):
        return entry
    schedule = slots_for(deck, entry, rules.numbering, cdr)
    if not isinstance(schedule, Schedule):
        return None
    return row_at_answer(schedule, deck.zone, cdr.answered_ms)


def _runner_up(deck: Deck, priced: Rated, cdr: Cdr) -> Fields | None:
    """Return the prefix that would have priced the call, were the one that did not in the deck."""
    table = deck.outward if cdr.direction == "out" else deck.inward
    shorter = f"+{priced.prefix}"[:-1]
    found = table.find(shorter) if len(shorter) > 1 else None
    if found is None:
        return None
    rows = [found] if isinstance(found, Row) else _all_rows(found)
    first = rows[0]
    return {"prefix": first.prefix, "destination": first.destination, "rows": len(rows)}


def _all_rows(entry: Entry) -> list[Row]:
    if isinstance(entry, Row):
        return [entry]
    return [row for schedule in entry.schedules.values() for row in schedule.rows()]


def _terms(row: Row) -> Fields:
    """Return what a row asks."""
    return {
        "line": row.line,
        "action": str(row.action),
        "rate_nanos": row.rate_nanos,
        "per_s": row.per_s,
        "initial_s": row.initial_s,
        "increment_s": row.increment_s,
        "fees": dict(row.fees),
        "rounding": str(row.rounding),
        "decimals": row.decimals,
        "max_charge_micros": row.max_charge_micros,
        "min_charge_micros": row.min_charge_micros,
        "grace_s": row.grace_s,
    }


def spans_told(lines: list[Fields], answered_ms: int, duration_s: int) -> list[Fields]:
    """Return the stretches of a call under one rate each, with what each comes to before the one rounding."""
    for line in lines:
        if line["kind"] != "usage":
            continue
        if "spans" in line:
            return list(line["spans"])
        rate, billed, per = line.get("rate_nanos", 0), line.get("quantity", 1), line.get("per", 1)
        whole = {"start_ms": answered_ms, "seconds": duration_s, "billed_s": billed}
        return [{**whole, "rate_nanos": rate, "per_s": per, "amount_nanos": rate * billed // per}]
    return []


def fees_nanos(lines: list[Fields]) -> int:
    """Return what the lines that are no usage come to, as they are before the rounding."""
    fees = [
        line for line in lines if line["kind"] in ("connection_fee", "regulatory_fee", "surcharge")
    ]
    return sum(line["amount_micros"] * NANOS_PER_MICRO for line in fees)
