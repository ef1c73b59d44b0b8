"""Usage: the line of a call's seconds follows from rows of the deck, and the charge from it and the fees.

Held is the arithmetic: rates and increments that the prefix has, seconds that cover the call, one rounding and the cap
of the row at the answer. Which of a prefix's rows holds at an hour, or for a caller, is the rating's business.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.deck_prices import Price
from topics import records as r

_SECOND_MS = 1_000


def hold_usage(entry: r.Charge, prices: Sequence[Price]) -> Iterator[Complaint]:
    """Hold the line of usage, and the charge, against the rows of the prefix."""
    usage = [line for line in entry.lines if line.kind == "usage"]
    if [line.kind for line in entry.lines[:1]] != ["usage"] or len(usage) != 1:
        if entry.lines or entry.call.duration_s:
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


def _hold_whole(
    entry: r.Charge, line: r.ChargeLine, prices: Sequence[Price]
) -> Iterator[Complaint]:
    """Hold a call that had one rate from its first second to its last."""
    seconds = entry.call.duration_s
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
        nanos = Fraction((line.rate_nanos or 0) * line.quantity, line.per)
        yield from _hold_charge(entry, nanos, rows)


def _hold_spans(
    entry: r.Charge, line: r.ChargeLine, prices: Sequence[Price]
) -> Iterator[Complaint]:
    """Hold a call that was billed in stretches; what one is billed beyond its end, the next does not bill."""
    begin, end_s = 0, entry.call.duration_s
    nanos = Fraction(0)
    at_answer: list[Price] = []
    for number, span in enumerate(line.spans):
        rows = [
            each
            for each in prices
            if (each.rate_nanos, each.per_s) == (span.rate_nanos, span.per_s)
            and each.billed_s(span.seconds, is_first=not number) == span.billed_s
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
        begin += span.billed_s
    billed = sum(span.billed_s for span in line.spans)
    if billed != line.quantity or billed < end_s:
        yield Complaint("quantity", f"{billed}, the sum of the spans, of {end_s} s", line.quantity)
    yield from _hold_charge(entry, nanos, at_answer)


def _hold_charge(entry: r.Charge, nanos: Fraction, rows: Sequence[Price]) -> Iterator[Complaint]:
    """Hold the charge against what its seconds cost, by the rows that may have been in force at the answer."""
    allowed = sorted({row.charge_micros(nanos) for row in rows})
    if entry.charge_micros not in allowed:
        yield Complaint("charge_micros", f"by the deck one of {allowed}", entry.charge_micros)
