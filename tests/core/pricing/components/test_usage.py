"""Usage: one rate, or a span each."""

from rater.core.cdr import Call
from rater.core.pricing.components.usage import billed_s, spans_of, usage_line
from rater.core.pricing.rates import Action, Row
from rater.core.pricing.spans import Piece
from topics.records import Span

AT_MS = 1_700_000_000_000
CALL = Call("out", "+33612345678", None, AT_MS, 70)
ROW = Row(1, "33", 1_000, per_s=7)


def test_a_call_under_one_rate_has_it_on_its_line_and_no_spans() -> None:
    line = usage_line(18, [Piece(0, 70, 120, ROW)], CALL)

    assert (line.amount_micros, line.quantity, line.rate_nanos, line.per) == (18, 120, 1_000, 7)
    assert line.spans == ()
    assert spans_of((line,), CALL) == (Span(AT_MS, 70, 120, 1_000, 7, 17_143),)
    assert billed_s((line,)) == 120


def test_a_call_under_two_rates_has_a_span_of_each_and_no_rate_on_its_line() -> None:
    free = Row(2, "33", 9_000, action=Action.FREE, per_s=60)
    line = usage_line(9, [Piece(0, 60, 60, ROW), Piece(60, 10, 60, free)], CALL)

    assert (line.quantity, line.rate_nanos, line.per) == (120, None, 1)
    assert line.spans == (
        Span(AT_MS, 60, 60, 1_000, 7, 8_571),
        Span(AT_MS + 60_000, 10, 60, 0, 60, 0),
    )
    assert spans_of((line,), CALL) == line.spans


def test_a_rate_that_ended_within_a_paid_increment_is_a_span() -> None:
    line = usage_line(18, [Piece(0, 65, 120, ROW)], CALL)

    assert (line.rate_nanos, [span.seconds for span in line.spans]) == (None, [65])


def test_what_has_no_lines_has_no_spans_and_nothing_billed() -> None:
    assert (spans_of((), CALL), billed_s(())) == ((), 0)
