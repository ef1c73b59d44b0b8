"""Usage: the seconds of a call, rounded up to their increments, at the rates in force in each of them."""

from typing import Final

from rater.core.cdr import Call
from rater.core.limits import SECOND_MS
from rater.core.money import Micros, div_half_even
from rater.core.pricing.rates import Action, Row
from rater.core.pricing.spans import Piece
from topics.records import ChargeLine, Span
from topics.records.charge import LineKind

KIND: Final[LineKind] = "usage"


def usage_line(amount_micros: Micros, pieces: list[Piece], call: Call) -> ChargeLine:
    """Return the line of a call's pieces; the spans where no one rate held for the whole call."""
    quantity = sum([piece.billed_s for piece in pieces])
    first = pieces[0]
    if len(pieces) == 1 and first.seconds == call.billsec:
        per_s = first.row.per_s
        return ChargeLine(KIND, amount_micros, quantity, rate_nanos(first.row), per_s)
    spans = tuple([_span(piece, call) for piece in pieces])
    return ChargeLine(KIND, amount_micros, quantity, None, 1, spans)


def spans_of(lines: tuple[ChargeLine, ...], call: Call) -> tuple[Span, ...]:
    """Return the stretches of a call under one rate each, that of a call under a single one, too."""
    for line in lines:
        if line.kind == KIND:
            rate, per = line.rate_nanos, line.per
            if rate is None:
                return line.spans
            amount = div_half_even(rate * line.quantity, per)
            return (Span(call.answered_ms, call.billsec, line.quantity, rate, per, amount),)
    return ()


def billed_s(lines: tuple[ChargeLine, ...]) -> int:
    """Return the seconds that are billed."""
    return sum([line.quantity for line in lines if line.kind == KIND])


def rate_nanos(row: Row) -> int:
    """Return the rate that calls pay: that of a free row is not used."""
    return 0 if row.action is Action.FREE else row.rate_nanos


def _span(piece: Piece, call: Call) -> Span:
    rate, per_s = rate_nanos(piece.row), piece.row.per_s
    return Span(
        call.answered_ms + piece.start * SECOND_MS,
        piece.seconds,
        piece.billed_s,
        rate,
        per_s,
        div_half_even(rate * piece.billed_s, per_s),
    )
