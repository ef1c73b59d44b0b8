"""Rating: scenarios 1-9 and 12 of the domain, and every reason for having no price."""

import pytest

from rater.core.cdr import Call
from rater.core.money import Rounding
from rater.core.pricing.components.usage import billed_s, spans_of
from rater.core.pricing.decks import BandPolicy, Deck, DeckBook, Direction, Heading, Row
from rater.core.pricing.rates import Action
from rater.core.pricing.rating import Rated, Refusal, Unrated, rate_call
from rater.core.pricing.zones import UTC
from rater.wire.pricing.numbering import load_numbers
from topics.fields import CallDirection

NUMBERS = load_numbers()
AT_MS = 1_700_000_000_000
NANOS = 1_000_000_000


def row(prefix: str, milli: int, **others: object) -> Row:
    """Make a row that costs so many thousandths a minute."""
    return Row(int(prefix), prefix, milli * NANOS // 1_000, **others)  # type: ignore[arg-type]


def deck(
    *rows: Row, name: str = "d", currency: str = "USD", since: int = 0, version: int = 1
) -> Deck:
    made = Deck.of(Heading(name, version, currency, since, UTC), rows)
    assert isinstance(made, Deck)
    return made


WORLD = deck(
    row("331", 16),
    row("3361", 125),
    row("447500", 29),
    row("44", 15),
    row("447", 320),
    row("449", 0, action=Action.DENY),
    row("44909", 15),
    row("1", 13),
    row("1907", 90),
    row("1800", 22, direction=Direction.IN),
    row("800", 0, action=Action.FREE),
)


def rate(
    to: str, seconds: int, *decks: Deck, direction: CallDirection = "out", caller: str | None = None
) -> Rated | Refusal:
    known = decks or (WORLD,)
    ids = tuple(dict.fromkeys(one.deck_id for one in known))
    return rate_call(
        DeckBook.of(known), NUMBERS, ids, "USD", Call(direction, to, caller, AT_MS, seconds)
    )


def micros(result: Rated | Refusal) -> int:
    assert isinstance(result, Rated), result
    return result.charge_micros


def amounts(result: Rated) -> list[tuple[str, int]]:
    return [(line.kind, line.amount_micros) for line in result.lines]


def reason(result: Rated | Refusal) -> Unrated:
    assert isinstance(result, Refusal), result
    return result.reason


@pytest.mark.parametrize(
    ("to", "seconds", "charge"),
    [
        ("+33612345678", 219, 500_000),
        ("+33612345678", 0, 0),
        ("+33612345678", 1, 125_000),
        ("+33612345678", 60, 125_000),
        ("+33612345678", 61, 250_000),
        ("+447500123456", 120, 58_000),
        ("+447911123456", 120, 640_000),
        ("+19075550100", 90, 180_000),
    ],
)
def test_a_call_costs_its_minutes_by_the_longest_prefix(to: str, seconds: int, charge: int) -> None:
    assert micros(rate(to, seconds)) == charge


def test_six_second_increments_cost_a_tenth_of_a_minute_each() -> None:
    found = rate("+33142685300", 61, deck(row("33", 10, initial_s=6, increment_s=6)))

    assert micros(found) == 11_000


def test_the_fee_is_a_component_of_its_own_and_an_unanswered_call_has_none() -> None:
    with_fee = deck(row("3361", 125, fees=(("connection_fee", 50_000),)))
    found = rate("+33612345678", 219, with_fee)

    assert isinstance(found, Rated)
    assert (found.charge_micros, amounts(found)) == (
        550_000,
        [("usage", 500_000), ("connection_fee", 50_000)],
    )
    assert [
        span.amount_nanos
        for span in spans_of(found.lines, Call("out", "+33612345678", None, AT_MS, 219))
    ] == [NANOS // 2]
    nothing = rate("+33612345678", 0, with_fee)
    assert isinstance(nothing, Rated)
    assert (nothing.charge_micros, nothing.lines) == (0, ())


def test_a_prefix_that_no_deck_has_is_no_rate() -> None:
    assert reason(rate("+9607000000", 600)) is Unrated.NO_RATE


def test_a_deny_range_outranks_every_price_under_it() -> None:
    found = rate("+449098765432", 300)

    assert isinstance(found, Refusal)
    assert (found.reason, found.prefix) == (Unrated.DENIED, "449")
    assert "+449098765432" in found.detail


def test_a_masked_number_is_priced_where_the_mask_hides_nothing() -> None:
    assert micros(rate("+3361234****", 60)) == 125_000
    assert reason(rate("+447*********", 60)) is Unrated.AMBIGUOUS_PREFIX
    assert reason(rate("+3**********", 60)) is Unrated.AMBIGUOUS_PREFIX
    assert reason(rate("+98**********", 60)) is Unrated.NO_RATE
    assert reason(rate("+449*********", 60)) is Unrated.DENIED


def test_other_names_under_a_mask_do_no_harm_where_the_price_is_one() -> None:
    same = deck(row("33", 16), row("331", 16, destination="Paris"), row("332", 17))

    found = rate("+33*****", 60, deck(row("33", 16), row("331", 16, destination="Paris")))

    assert isinstance(found, Rated)
    assert (found.charge_micros, found.prefix) == (16_000, "33")
    assert reason(rate("+33*****", 60, same)) is Unrated.AMBIGUOUS_PREFIX


def test_ten_children_with_one_price_leave_their_parent_out() -> None:
    children = [row(f"33{digit}", 20) for digit in range(10)]

    assert micros(rate("+33*****", 60, deck(row("33", 16), *children))) == 20_000
    assert micros(rate("+33*****", 60, deck(*children))) == 20_000
    assert reason(rate("+33*****", 60, deck(*children[1:]))) is Unrated.AMBIGUOUS_PREFIX


def test_the_deck_in_force_at_the_answer_prices_the_whole_call() -> None:
    old = deck(row("3361", 125))
    new = deck(row("3361", 150), since=AT_MS + 10_000, version=2)

    assert micros(rate("+33612345678", 170, old, new)) == 375_000


def test_currencies_are_never_converted() -> None:
    euros = deck(row("33", 16), currency="EUR")

    assert reason(rate("+33142685300", 60, euros)) is Unrated.CURRENCY_MISMATCH
    assert micros(rate("+33142685300", 60, euros, deck(row("33", 17), name="usd"))) == 17_000


def test_a_toll_free_number_is_priced_by_the_number_called() -> None:
    assert micros(rate("+18005550100", 605, direction="in")) == 242_000
    assert micros(rate("+18005550100", 60)) == 13_000


def test_the_first_deck_with_any_match_decides() -> None:
    narrow = deck(row("336", 50), row("339", 0, action=Action.DENY), name="narrow")
    wide = deck(row("33", 16), row("33612", 1), name="wide")

    assert micros(rate("+33612345678", 60, narrow, wide)) == 50_000
    assert micros(rate("+33612345678", 60, wide, narrow)) == 1_000
    assert micros(rate("+33112345678", 60, narrow, wide)) == 16_000
    assert reason(rate("+33912345678", 60, narrow, wide)) is Unrated.DENIED


def test_without_a_deck_in_force_the_deck_is_unknown() -> None:
    assert (
        reason(rate("+33142685300", 60, deck(row("33", 1), since=AT_MS + 1)))
        is Unrated.UNKNOWN_DECK
    )
    assert reason(
        rate_call(DeckBook(), NUMBERS, ("x",), "USD", Call("out", "112", None, AT_MS, 1))
    ) is (Unrated.UNKNOWN_DECK)


@pytest.mark.parametrize("number", ["112", "0612", "*21#", "33612345678"])
def test_a_number_that_is_not_international_is_short(number: str) -> None:
    assert reason(rate(number, 60)) is Unrated.SHORT_NUMBER


@pytest.mark.parametrize("number", ["+", "+0331", "+9", "+331x", "+*"])
def test_odd_numbers_are_values_not_errors(number: str) -> None:
    assert isinstance(rate(number, 60), Rated | Refusal)


def test_a_free_row_is_free() -> None:
    found = rate("+80012345678", 60)

    assert isinstance(found, Rated)
    assert (found.outcome, found.charge_micros, billed_s(found.lines)) == ("free", 0, 60)


def test_the_line_is_rounded_once_with_its_fee_and_then_capped() -> None:
    third = {"per_s": 3, "initial_s": 1, "increment_s": 1, "decimals": 2}

    def charged(**others: object) -> int:
        return micros(rate("+33142685300", 1, deck(row("33", 10, **third, **others))))

    assert charged(rounding=Rounding.UP) == 10_000
    assert charged(rounding=Rounding.DOWN) == 0
    assert charged(rounding=Rounding.HALF_UP) == 0
    assert charged(rounding=Rounding.HALF_UP, fees=(("connection_fee", 1_667),)) == 10_000
    assert charged(rounding=Rounding.HALF_EVEN, fees=(("connection_fee", 1_666),)) == 0
    assert charged(rounding=Rounding.UP, max_charge_micros=9_999) == 9_999
    assert charged(rounding=Rounding.UP, max_charge_micros=0) == 0


def test_the_caller_s_origin_chooses_among_the_rows_of_the_prefix() -> None:
    known = deck(row("33", 16), row("33", 99, origin_prefix="32"), row("336", 50))

    assert micros(rate("+33142685300", 60, known, caller="+32475123456")) == 99_000
    assert micros(rate("+33142685300", 60, known, caller="+442079460034")) == 16_000
    assert micros(rate("+33612345678", 60, known, caller="+32475123456")) == 50_000
    assert micros(rate("+33612345678", 60, known)) == 50_000
    assert micros(rate("+33142685300", 60, known, caller="+3247*****")) == 99_000


def test_where_no_row_fits_the_caller_nothing_shorter_is_tried() -> None:
    known = deck(row("3", 16), row("33", 99, origin_prefix="32"))

    assert reason(rate("+33142685300", 60, known, caller="+442079460034")) is Unrated.NO_RATE


def test_a_call_outside_all_bands_has_no_price_and_nothing_shorter_is_tried() -> None:
    known = deck(row("3", 16), row("33", 99, start_s=0, end_s=3_600))

    assert reason(rate("+33142685300", 60, known)) is Unrated.OUTSIDE_BANDS


def test_the_row_of_the_answer_governs_the_line() -> None:
    tiers = deck(
        row("33", 60, initial_s=1, increment_s=1, decimals=2, fees=(("connection_fee", 1),)),
        row(
            "33",
            6,
            initial_s=1,
            increment_s=1,
            from_second=10,
            decimals=6,
            fees=(("connection_fee", 999_999),),
        ),
    )
    found = rate("+33142685300", 15, tiers)

    assert isinstance(found, Rated)
    assert (found.charge_micros, amounts(found)) == (
        20_000,
        [("usage", 19_999), ("connection_fee", 1)],
    )
    assert [(span.seconds, span.amount_nanos) for span in found.lines[0].spans] == [
        (10, 10_000_000),
        (5, 500_000),
    ]


def test_the_band_of_the_answer_governs_the_call_where_the_deck_says_so() -> None:
    noon_s = 43_200
    rows = [
        row("33", 60, end_s=noon_s),
        row("33", 6, start_s=noon_s),
        row("33", 1, from_second=120),
    ]
    answered = 4 * 86_400_000 + noon_s * 1_000 - 60_000
    call = Call("out", "+33142685300", None, answered, 180)

    def charged(policy: BandPolicy) -> int:
        made = Deck.of(Heading("d", 1, "USD", 0, UTC, policy), rows)
        assert isinstance(made, Deck)
        return micros(rate_call(DeckBook.of([made]), NUMBERS, ("d",), "USD", call))

    assert charged(BandPolicy.SPLIT) == 60_000 + 6_000 + 1_000
    assert charged(BandPolicy.START) == 120_000 + 1_000


def test_a_deny_row_with_hours_denies_when_it_is_in_force_at_the_answer() -> None:
    of_day_s = AT_MS // 1_000 % 86_400
    before = row("33", 0, action=Action.DENY, end_s=of_day_s)
    now = row("33", 0, action=Action.DENY, start_s=of_day_s)

    assert micros(rate("+33142685300", 60, deck(before, row("331", 16)))) == 16_000
    assert reason(rate("+33142685300", 60, deck(now, row("331", 16)))) is Unrated.DENIED


@pytest.mark.parametrize("plain", [True, False])
def test_a_charge_beyond_every_limit_is_refused(*, plain: bool) -> None:
    dear = [row("33", 1_000_000_000, per_s=1)]
    if not plain:
        dear.append(row("33", 1, from_second=2_600_000))

    assert reason(rate("+33142685300", 2_678_400, deck(*dear))) is Unrated.AMOUNT_TOO_LARGE


def test_a_call_that_runs_into_hours_without_a_price_has_none_at_all() -> None:
    of_day_s = AT_MS // 1_000 % 86_400
    first = row("33", 16, end_s=of_day_s + 30)
    night = row("33", 0, action=Action.DENY, start_s=of_day_s + 30)

    assert micros(rate("+33142685300", 30, deck(first))) == 16_000
    assert reason(rate("+33142685300", 31, deck(first))) is Unrated.OUTSIDE_BANDS
    assert reason(rate("+33142685300", 31, deck(first, night))) is Unrated.DENIED


def test_a_masked_caller_under_a_guard_must_leave_no_choice() -> None:
    known = deck(row("33", 0, action=Action.DENY, origin_prefix="3247"), row("331", 16))

    assert reason(rate("+33142685300", 60, known, caller="+3247******")) is Unrated.DENIED
    assert reason(rate("+33142685300", 60, known, caller="+32********")) is Unrated.AMBIGUOUS_ORIGIN
    assert micros(rate("+33142685300", 60, known, caller="+44*********")) == 16_000
    assert reason(rate("+33142685300", 60, known)) is Unrated.AMBIGUOUS_ORIGIN


UNKNOWN_CALLERS = (
    None,
    "",
    "32475123456",
    "0032475123456",
    "0475123456",
    '"Bob" <sip:+32475123456@example.com>',
    "sip:+32475123456",
    "+1001",
    "+32 475 12 34 56",
    "+0032475123456",
    "+320475123456",
    "+324751234567890123",
    "Internal Revenue Service",
    "anonymous",
    "+",
    "+3*",
    "********",
    "+3\u0662475123456",
)


@pytest.mark.parametrize("caller", UNKNOWN_CALLERS)
def test_a_caller_who_cannot_be_read_takes_the_row_for_unknown_callers(caller: str | None) -> None:
    origins = row("33", 16), row("33", 99, origin_prefix="32")
    known = deck(*origins, row("33", 120, origin_prefix="unknown"))

    assert micros(rate("+33142685300", 60, known, caller=caller)) == 120_000
    assert reason(rate("+33142685300", 60, deck(*origins), caller=caller)) is (
        Unrated.AMBIGUOUS_ORIGIN
    )
    assert micros(rate("+33142685300", 60, deck(row("33", 16)), caller=caller)) == 16_000


def test_a_masked_caller_who_hides_what_decides_is_unknown() -> None:
    rows = row("33", 16), row("33", 99, origin_prefix="3247")
    known = deck(*rows, row("33", 120, origin_prefix="unknown"))

    assert reason(rate("+33142685300", 60, deck(*rows), caller="+3********")) is (
        Unrated.AMBIGUOUS_ORIGIN
    )
    assert micros(rate("+33142685300", 60, known, caller="+3********")) == 120_000
    assert micros(rate("+33142685300", 60, known, caller="+3247******")) == 99_000
    assert micros(rate("+33142685300", 60, known, caller="+4412******")) == 16_000


def test_the_row_for_unknown_callers_is_for_no_others() -> None:
    only = deck(row("33", 120, origin_prefix="unknown"))

    assert micros(rate("+33142685300", 60, only)) == 120_000
    assert reason(rate("+33142685300", 60, only, caller="+32475123456")) is Unrated.NO_RATE


@pytest.mark.parametrize("number", ["+911", "+112", "+1911", "+331426", "+33****", "+3*"])
def test_a_short_number_with_a_plus_is_never_priced(number: str) -> None:
    wide = deck(row("9", 16), row("1", 16), row("33", 16))

    assert reason(rate(number, 60, wide)) is Unrated.SHORT_NUMBER


@pytest.mark.parametrize(
    ("number", "end"),
    [
        ("33612345678", "no short numbers: its plus sign may be missing"),
        ("0033612345678", "no short numbers: its plus sign and calling code may be missing"),
        ("1001", "no short numbers"),
        ("*21#1234567", "no short numbers"),
    ],
)
def test_as_many_digits_as_an_international_number_has_may_have_lost_a_plus_sign(
    number: str, end: str
) -> None:
    found = rate(number, 60)

    assert isinstance(found, Refusal)
    assert found.detail == f"to: {number} is not E.164; a deck prices {end}"
