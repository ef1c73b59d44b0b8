"""Usage: the line of a call's seconds follows from rows of the deck, and the charge from it and the fees.

Held is the arithmetic: rates and increments that the prefix has, seconds that cover the call, one rounding and the cap
of the row at the answer. Which of a prefix's rows holds at an hour, or for a caller, is the rating's business.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.deck_prices import Price
from rater.reconcile.folds.pool_prices import money_of_pools
from topics import records as r

_SECOND_MS = 1_000


def hold_grace(entry: r.Charge, prices: Sequence[Price]) -> Iterator[Complaint]:
    """Hold a call that was free for being short against the graces of the prefix."""
    seconds = entry.call.duration_s
    graces = (
        {None} if entry.reason != "grace" else {p.grace_s for p in prices if p.grace_s > seconds}
    )
    if entry.grace_s not in graces:
        yield Complaint("grace_s", f"for {seconds} s one of {graces}", entry.grace_s)
    if entry.reason == "grace" and not (seconds and entry.outcome == "free"):
        yield Complaint(
            "reason", "none of a call without seconds, or that is charged", entry.reason
        )


def hold_usage(entry: r.Charge, prices: Sequence[Price]) -> Iterator[Complaint]:
    """Hold the line of usage, and the charge, against the rows of the prefix."""
    usage = [line for line in entry.lines if line.kind == "usage"]
    paid_s = paid_by_pools_s(entry)
    if paid_s >= entry.call.duration_s > 0:
        if usage:
            yield Complaint("lines", "no usage, for pools paid all", usage)
        yield from _hold_charge(entry, Fraction(0), [each.beside_pools() for each in prices])
        return
    if [line.kind for line in entry.lines[:1]] != ["usage"] or len(usage) != 1:
        if entry.lines or (entry.call.duration_s and entry.reason != "grace"):
            kinds = [line.kind for line in entry.lines]
            yield Complaint("lines", "usage first, and once", kinds)
        return
    line = usage[0]
    if (line.rate_nanos is None) != bool(line.spans) or (line.spans and line.per != 1):
        yield Complaint("lines", "a rate of usage, or spans", line)
    elif line.spans:
        yield from _hold_spans(entry, line, prices)
    else:
        yield from _hold_whole(entry, line, prices)


def paid_by_pools_s(entry: r.Charge) -> int:
    """Return the first seconds of a call that pools have paid, in their units."""
    return sum(line.quantity for line in entry.lines if line.kind == "pool")


def _hold_whole(
    entry: r.Charge, line: r.ChargeLine, prices: Sequence[Price]
) -> Iterator[Complaint]:
    """Hold a call that had one rate from its first second to its last."""
    seconds = entry.call.duration_s
    if paid_s := paid_by_pools_s(entry):
        yield Complaint("lines", f"spans, from second {paid_s} on", line)
        return
    found = (line.rate_nanos, line.per)
    rows = [each for each in prices if (each.rate_nanos, each.per_s) == found]
    billed = sorted({each.billed_s(seconds, is_first=True) for each in rows})
    if not rows:
        rates = sorted({(each.rate_nanos, each.per_s) for each in prices})
        yield Complaint("lines", f"rate_nanos and per of a row: one of {rates}", found)
    elif line.quantity not in billed:
        yield Complaint("quantity", f"for {seconds} s one of {billed}", line.quantity)
    else:
        rows = [row for row in rows if row.billed_s(seconds, is_first=True) == line.quantity]
        yield from _hold_length(entry, rows)
        nanos = Fraction((line.rate_nanos or 0) * line.quantity, line.per)
        yield from _hold_charge(entry, nanos, rows)


def _hold_spans(
    entry: r.Charge, line: r.ChargeLine, prices: Sequence[Price]
) -> Iterator[Complaint]:
    """Hold a call that was billed in stretches; what one is billed beyond its end, the next does not bill.

    A row of one price per call bills nothing of a later stretch. What pools have paid is no stretch.
    """
    begin = paid_s = paid_by_pools_s(entry)
    end_s = entry.call.duration_s
    nanos = Fraction(0)
    at_answer: list[Price] = []
    for number, span in enumerate(line.spans):
        rows = [
            each
            for each in prices
            if (each.rate_nanos, each.per_s) == (span.rate_nanos, span.per_s)
            and each.billed_s(span.seconds, is_first=_is_first(each, number, paid_s))
            == span.billed_s
        ]
        exact = Fraction(span.rate_nanos * span.billed_s, span.per_s)
        wanted = (entry.call.answered_ms + begin * _SECOND_MS, round(exact))
        if not rows or (span.start_ms, span.amount_nanos) != wanted:
            yield Complaint("spans", f"one of a row, with {wanted}", span)
            return
        at_answer = at_answer or rows
        nanos += exact
        if begin + span.seconds > end_s:
            yield Complaint("spans", f"{end_s} s in all", begin + span.seconds)
        begin += max(span.seconds, span.billed_s)
    if paid_s:
        # The seconds at the answer were a pool's: their row may be any.
        at_answer = list(prices)
    yield from _hold_length(entry, at_answer)
    billed = sum(span.billed_s for span in line.spans)
    if billed != line.quantity or begin < end_s:
        yield Complaint("quantity", f"{billed}, the sum of the spans, of {end_s} s", line.quantity)
    if paid_s:
        yield from _hold_rest(entry, nanos, at_answer)
    else:
        yield from _hold_charge(entry, nanos, at_answer)


def _is_first(row: Price, number: int, paid_s: int) -> bool:
    """Tell whether the initial increment is billed: not after a pool, but for one price of the whole call."""
    return not number and (not paid_s or not row.increment_s)


def _hold_length(entry: r.Charge, at_answer: Sequence[Price]) -> Iterator[Complaint]:
    """Hold the length of a call that was charged against the graces of its rows: shorter, it were free."""
    least = min(each.grace_s for each in at_answer)
    if entry.call.duration_s < least:
        yield Complaint("reason", f"grace, for a call shorter than {least} s", entry.reason)


def _hold_rest(entry: r.Charge, nanos: Fraction, rows: Sequence[Price]) -> Iterator[Complaint]:
    """Hold what a pool has left of a call: as the deck asks, but no more than the whole would cost without the pool.

    What the whole costs is known where the prefix has one row; of several it is at least what the cheapest asks.
    """
    seconds = entry.call.duration_s
    charged = entry.charge_micros - money_of_pools(entry)
    if len(rows) == 1:
        row = rows[0]
        most, _ = row.charge_micros(row.cost_nanos(row.billed_s(seconds, is_first=True)))
        yield from _hold_charge(entry, nanos, [row.capped_at(most)])
        return
    least = min(
        row.charge_micros(row.cost_nanos(min(seconds, row.billed_s(seconds, is_first=True))))[0]
        for row in rows
    )
    most = max(row.charge_micros(nanos)[0] for row in rows)
    # By the second nothing is rounded up, and what is left is a part of the whole.
    is_rounded = any((row.initial_s, row.increment_s) != (1, 1) for row in rows)
    if not (is_rounded and least <= charged < most):
        yield from _hold_charge(entry, nanos, rows)


def _hold_charge(entry: r.Charge, nanos: Fraction, rows: Sequence[Price]) -> Iterator[Complaint]:
    """Hold the charge against what its seconds cost, by the rows that may have been in force at the answer."""
    allowed = sorted({row.charge_micros(nanos) for row in rows})
    charges = [charge for charge, _ in allowed]
    raised = sum(line.amount_micros for line in entry.lines if line.kind == "min_charge")
    charged = entry.charge_micros - money_of_pools(entry)
    if charged not in charges:
        yield Complaint("charge_micros", f"by the deck one of {charges}", charged)
    elif (charged, raised) not in allowed:
        wanted = f"charge, and what of it is min_charge: one of {allowed}"
        yield Complaint("lines", wanted, (charged, raised))
