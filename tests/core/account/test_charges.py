"""Charges: the entry of a CDR, its call, lines and draws."""

from rater.core.account.charges import charge_of, free_charge
from rater.core.pricing.rating import Rated
from tests.build import NOW, account, cdr, draw, lot, source
from topics.records import ChargedCall, ChargeLine, Draw

LINES = (ChargeLine("usage", 80, 60, 1, 60), ChargeLine("connection_fee", 20, 1, 20_000))
RATED = Rated("rated", 100, "acs", 3, "336", "France", "FR", "mobile", LINES)


def test_a_charge_has_its_call_its_lines_and_who_pays() -> None:
    there = account(lot("a", 30), lot("b", 30))

    call = cdr(from_="+4420", call_type="user_out", usage_country="GB", user_id="u1")

    entry = charge_of(there, call, source(), RATED).entry

    times = (NOW - 60_000, NOW, 60, NOW - 60_000)
    said = ("user_out", None, "GB", "u1")
    assert entry.call == ChargedCall("out", "+33612345678", *times, "+4420", "answered", *said)
    assert entry.lines is LINES
    lots = [draw(name, 30, empties=lot()) for name in ("a", "b")]
    assert entry.draws == (*lots, Draw("shortfall", None, 40))
    assert sum(line.amount_micros for line in entry.lines) == entry.charge_micros
    assert (entry.amount_micros, entry.balance_micros, entry.overdraft_micros) == (-100, -40, 40)
    assert (entry.reverses, entry.generation, entry.job_id) == (None, 0, None)


def test_what_is_drawn_in_grace_does_not_move_the_balance() -> None:
    there = account(lot("b", 90), expired=[lot("a", 70, NOW)])

    entry = charge_of(there, cdr(), source(), RATED).entry

    old = lot("a", 70, NOW)
    assert entry.draws == (draw("a", 70, grace=True, empties=old), draw("b", 30))
    assert (entry.amount_micros, entry.balance_micros) == (-30, 60)


def test_a_free_call_has_no_lines_and_no_draws() -> None:
    entry = free_charge(
        account(lot("a", 30)), cdr(disposition="busy"), source(), "unanswered"
    ).entry

    assert (entry.outcome, entry.reason, entry.charge_micros) == ("free", "unanswered", 0)
    assert (entry.lines, entry.draws, entry.deck_id) == ((), (), None)
