"""Pool draws: what pools must pay of a call, by the plan catalog, the licences, and what they have paid before.

Held are plans and licences of the start of the call, as they were known when it was charged. Pools pay in their order,
each in whole units of its plan, and never more than they have; one of which more was used than there is has nothing.
Catalogs and CDRs have no common order: of one that was published shortly before a charge either is right.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.deck_versions import DeckVersions
from rater.reconcile.folds.plan_versions import PlanVersions, Version
from rater.reconcile.folds.pool_prices import PoolLine, pool_lines
from rater.reconcile.folds.pool_sizes import (
    Called,
    Licences,
    Mine,
    Plan,
    Size,
    held_at,
    hides_what_decides,
    sizes,
)
from rater.reconcile.folds.published import Published
from topics import records as r
from topics.fields import NO_CURRENCY

LATE_MS = 3_600_000
"""A charge is held against a catalog that was published so long before its CDR: their clocks are not the same."""
CALL_MAX = 32
"""Pools that pay one call."""

Paid = tuple[str, PoolLine]
"""The name of a pool, and what it pays and asks."""


class Known(NamedTuple):
    """What is known of an account before a charge: licences, what pools have paid, the call's month, who calls."""

    licences: dict[Plan, tuple[int, int]]
    used_s: Mapping[str, int]
    month: str
    mine: Mine | None = None


def hold_draws(entry: r.Charge, known: Known, published: Published) -> Iterator[Complaint]:
    """Hold what pools pay of a call; complain of a catalog, pools, seconds or licences that are others."""
    found = _found(entry)
    started_ms = started_at(entry.call)
    possible = possible_at(published.plans, started_ms, entry.at_ms)
    if found:
        named = [each for each in possible if each and each.version == entry.plan_version]
        if not named:
            numbers = [each.version if each else None for each in possible]
            yield Complaint("plan_version", f"one of {numbers}", entry.plan_version)
            return
        possible = [*named]
    held = held_at(known.licences, started_ms)
    if not held or None in possible or not (found or entry.charge_micros):
        # No pool is there, or none need be, or the call costs nothing before any pays.
        if found:
            yield Complaint("draws", "none on pools, for no licence is held", found)
        return
    called = _called(entry, published.shelf)
    answers = [_answer(entry, each, (known, held), called) for each in possible if each]
    if found not in [answer.paid for answer in answers]:
        yield Complaint("draws", f"on pools {[answer.paid for answer in answers]}", found)
    elif found and entry.entitlement_seq not in answers[0].seqs:
        wanted = f"that of the licences that decide: {sorted(answers[0].seqs)}"
        yield Complaint("entitlement_seq", wanted, entry.entitlement_seq)


def started_at(call: r.ChargedCall) -> int:
    """Return when a call began."""
    return call.answered_ms if call.started_ms is None else call.started_ms


def _found(entry: r.Charge) -> list[Paid]:
    """Return what an entry says that pools have paid."""
    draws = [draw for draw in entry.draws if draw.source == "pool"]
    return [
        (draw.id or "", line._replace(seconds=draw.quantity or 0))
        for draw, line in zip(draws, pool_lines(entry), strict=False)
    ]


def possible_at(plans: PlanVersions, started_ms: int, at_ms: int) -> list[Version | None]:
    """Return the catalogs that may have been known as that of the start of a call; None: that there are no plans."""
    begun = [each for each in plans.versions if each.valid_from_ms <= started_ms]
    begun.sort(key=lambda each: (each.valid_from_ms, each.version), reverse=True)
    possible: list[Version | None] = []
    for each in begun:
        possible.append(each)
        if each.told_ms + LATE_MS < at_ms:
            return possible
    return [*possible, None]


def _called(entry: r.Charge, shelf: DeckVersions) -> Called | None:
    """Return where the number called is, as the deck says it; None where it does not, or says several things.

    Where the number dialled leads to another, what it is itself decides, too: no deck says that.
    """
    if entry.call.routing_number is not None:
        return None
    deck = shelf.versions.get((entry.deck_id or "", entry.deck_version or 0))
    prefix = (entry.prefix or "").removeprefix("+")
    rows = set() if deck is None else deck.called.get((entry.call.direction, prefix), set())
    if len(rows) != 1:
        return None
    called = Called(*next(iter(rows)))
    return called if all(called) else None


class _Answer(NamedTuple):
    """What pools must pay, and the numbers of entries about licences that the charge may name for it."""

    paid: list[Paid]
    seqs: set[int]


def _answer(
    entry: r.Charge, version: Version, of: tuple[Known, Licences], called: Called | None
) -> _Answer:
    (known, held), content = of, version.content
    if called is not None and hides_what_decides(content, entry.call.to):
        called = None
    pools = sizes(content, held, (entry.call, known.mine), called)
    if called is None:
        # Which pools pay such calls is not known; those that did are believed.
        drawn = {name for name, *_ in _found(entry)}
        pools = [each for each in pools if f"{known.month}/{each.name}" in drawn]
    plans = {each.plan_id for each in pools}
    seqs = {seq for (plan_id, _), (_, seq) in held.items() if plan_id in plans}
    least = max(seqs, default=0)
    # Pools that had nothing left, and so are not among those drawn, may have the latest licences.
    later = {seq for _, seq in held.values() if seq >= least}
    seqs = later if called is None else {least}
    # Without a deck it was made without credits, whatever the account has had since.
    currency = NO_CURRENCY if entry.deck_id is None else entry.currency
    return _Answer(list(_paid((entry.call.duration_s, currency), pools, known)), seqs)


def _paid(wanted: tuple[int, str], pools: list[Size], known: Known) -> Iterator[Paid]:
    """Yield what each pool pays of a call of so many seconds, of an account of a currency."""
    seconds, currency = wanted
    # Looked up and never copied: there may be a pool for each of 20,000 users.
    used: dict[str, int] = {}

    def left_s(pool: Size) -> int:
        name = f"{known.month}/{pool.name}"
        return pool.total_s - known.used_s.get(name, 0) - used.get(name, 0)

    pays = 0
    for pool in pools:
        if pays == CALL_MAX or any(left_s(each) < each.unit_s for each in pool.ended_by):
            continue
        asked = {each.currency: (each.per_minute_micros, each.fee_micros) for each in pool.prices}
        if not pool.is_for(currency):
            continue
        units = (seconds + pool.unit_s - 1) // pool.unit_s
        paid_s = min(units, left_s(pool) // pool.unit_s) * pool.unit_s
        if paid_s > 0:
            name = f"{known.month}/{pool.name}"
            used[name] = used.get(name, 0) + paid_s
            seconds -= paid_s
            pays += 1
            yield name, PoolLine(paid_s, pool.unit_s, *asked.get(currency, (0, 0)))
