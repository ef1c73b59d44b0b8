"""Usage: the line of a call's seconds follows from rows of the deck, and the charge from it and the fees.

Held is the arithmetic: rates and increments that the prefix has, seconds that cover the call, one rounding and the cap
of the row at the answer. Which of a prefix's rows holds at an hour, or for a caller, is the rating's business; but for
calls that pools pay in part, whose cap is the price of the whole: there hours and tiers are held, too.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.deck_prices import Price
from rater.reconcile.folds.deck_slots import Slots, nanos_of
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


def hold_usage(
    entry: r.Charge, prices: Sequence[Price], slots: Slots | None
) -> Iterator[Complaint]:
    """Hold the line of usage, and the charge, against the rows of the prefix; `slots`: when several hold."""
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
        yield from _hold_spans(entry, line, prices, slots)
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
    entry: r.Charge, line: r.ChargeLine, prices: Sequence[Price], slots: Slots | None
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
            and span.billed_s in _may_bill(each, span, number, paid_s, slots)
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
    billed = sum(span.billed_s for span in line.spans)
    if billed != line.quantity or begin < end_s:
        yield Complaint("quantity", f"{billed}, the sum of the spans, of {end_s} s", line.quantity)
    if paid_s:
        at_answer = _capped_at_whole(entry, line, prices, slots)
    if at_answer:
        yield from _hold_length(entry, at_answer)
        yield from _hold_charge(entry, nanos, at_answer)
    else:
        yield Complaint("spans", "of the rows in force at their hours and seconds", line.spans)


def _may_bill(row: Price, span: r.Span, number: int, paid_s: int, slots: Slots | None) -> set[int]:
    """Return what a row may bill of a span; the initial increment is for the first, and not after a pool.

    One price of the whole call is billed after a pool, too, where its row was in force at the answer; else nothing is.
    """
    first = row.billed_s(span.seconds, is_first=True)
    later = row.billed_s(span.seconds, is_first=False)
    if number or not paid_s:
        return {later if number else first}
    if row.increment_s:
        return {later}
    # A row that is alone was; which of several was is known by the slots.
    return {first} if slots is None else {first, later}


def _hold_length(entry: r.Charge, at_answer: Sequence[Price]) -> Iterator[Complaint]:
    """Hold the length of a call that was charged against the graces of its rows: shorter, it were free."""
    least = min(each.grace_s for each in at_answer)
    if entry.call.duration_s < least:
        yield Complaint("reason", f"grace, for a call shorter than {least} s", entry.reason)


def _capped_at_whole(
    entry: r.Charge, line: r.ChargeLine, prices: Sequence[Price], slots: Slots | None
) -> list[Price]:
    """Return the rows that may have been in force at the answer of a call that pools paid in part, by its spans.

    None asks more of what is left than of the whole call, had no pool paid anything (A91).
    """
    seconds = entry.call.duration_s
    if slots is None:
        return [
            row.capped_at(
                row.charge_micros(row.cost_nanos(row.billed_s(seconds, is_first=True)))[0]
            )
            for row in prices
        ]
    found = [(span.seconds, span.billed_s, span.rate_nanos, span.per_s) for span in line.spans]
    capped: list[Price] = []
    for whole, rest in slots.billings(entry.call.answered_ms, seconds, paid_by_pools_s(entry)):
        row = whole[0].price
        if found == [(*each[:2], each.price.rate_nanos, each.price.per_s) for each in rest]:
            capped.append(row.capped_at(row.charge_micros(nanos_of(whole))[0]))
    return capped


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
