"""The rater against a slow one that shares nothing with it: same price, same reason, for any deck
and call.
"""

import csv
import io
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from rater.core.cdr import Call
from rater.core.pricing.components.usage import billed_s, spans_of
from rater.core.pricing.decks import BandPolicy, Deck, DeckBook, Heading
from rater.core.pricing.rating import Rated, Refusal, rate_call
from rater.core.times import to_millis
from rater.wire.pricing.deck_calendars import calendars_of
from rater.wire.pricing.deck_csv import Sheet, compile_sheet, read_sheet
from rater.wire.pricing.numbering import load_numbers
from rater.wire.pricing.zones import zone_of
from tests.decimal_rater import Asked, SlowRater, Texts, holds
from topics.fields import CallDirection
from topics.records.decks import DeckCalendar

PREFIXES = ("3", "33", "336", "3361", "33612", "337", "44")
NUMBERS = (
    *("+33612345678", "+33612345678", "+3361945678", "+337000000"),
    *("+33145678", "+3945678", "+442079460034"),
)
CALLERS = (
    *(None, "", "anonymous", "32475123456", "0032475123456", "+3247", "+0032475123456"),
    *("+32475123456", "+32475123456", "+3257123456", "+442079460034", "+442079460034"),
    *("+3247*****", "+3********", "+325*****", "+44********"),
)
TIMES = ("00:00", "00:30", "01:59:58", "02:00", "02:15", "02:30:01", "03:00", "08:00", "20:00")
DAYS = ("", "mon-fri", "sat sun", "fri-mon", "sun", "mon tue wed thu fri sat sun")
TURNS = (
    ("Europe/Paris", datetime(2024, 3, 31, 1, tzinfo=UTC)),  # 02:00 becomes 03:00.
    ("Europe/Paris", datetime(2024, 10, 27, 1, tzinfo=UTC)),  # 03:00 becomes 02:00.
    ("America/New_York", datetime(2024, 3, 10, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2024, 11, 3, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2024, 10, 5, 15, 30, tzinfo=UTC)),  # Half an hour.
    ("Africa/Casablanca", datetime(2024, 4, 14, 2, tzinfo=UTC)),  # After Ramadan.
    ("UTC", datetime(2024, 2, 29, 23, 59, tzinfo=UTC)),
    ("UTC", datetime(2024, 1, 7, 23, 0, tzinfo=UTC)),  # The week ends.
)
"""Where and when something happens to local time."""

CALENDARS = {
    # The local dates of the turns, and the days after them.
    "turns": {
        *("2024-03-31", "2024-10-27", "2024-03-10", "2024-11-03", "2024-10-06", "2024-04-14"),
        *("2024-02-29", "2024-01-07"),
    },
    "after": {
        *("2024-04-01", "2024-10-28", "2024-03-11", "2024-11-04", "2024-10-07", "2024-04-15"),
        *("2024-03-01", "2024-01-08"),
    },
}

terms = st.fixed_dictionaries(
    {
        "rate": st.sampled_from(
            ["0", "0.125", "0.25", "0.375", "0.0333", "1.000000001", "0.000000007"]
        ),
        "action": st.sampled_from(["", "rate", "rate", "rate", "rate", "free"]),
        "per_seconds": st.sampled_from(["", "60", "1", "7", "3600"]),
        "increment": st.sampled_from(
            ["", "60/60", "30/6", "1/1", "6/6", "60/1", "1/60", "90/7", "60/0", "1/0"]
        ),
        "connection_fee": st.sampled_from(["", "0", "0.05", "0.000001"]),
        "regulatory_fee": st.sampled_from(["", "", "0.02", "0.000003"]),
        "surcharge": st.sampled_from(["", "", "0.35"]),
        "grace_s": st.sampled_from(["", "", "", "", "1", "6", "61"]),
        "min_charge": st.sampled_from(["", "", "", "0.5", "0.000003"]),
        "rounding": st.sampled_from(["", "up", "half_up", "half_even", "down"]),
        "decimals": st.sampled_from(["", "6", "4", "2", "2", "0"]),
        "max_charge": st.sampled_from(["", "", "", "0", "0.5", "2.345678"]),
    }
).map(lambda cells: cells | without(cells))


def without(cells: Texts) -> Texts:
    """Return what a row may not say, emptied: fees that are free, and a minimum above the cap."""
    free = dict.fromkeys(("connection_fee", "regulatory_fee", "surcharge", "min_charge"), "")
    if cells["action"] == "free":
        return free
    crossed = Decimal(cells["min_charge"] or 0) > Decimal(cells["max_charge"] or 9)
    return {"min_charge": ""} if crossed else {}


@st.composite
def slots(draw: st.DrawFn, prefix: str, origin: str, calendar: str = "") -> list[Texts]:
    """Rows of one prefix and caller: the day cut into bands, each with tiers; sometimes a hole, a
    deny, a weekend.
    """
    cuts = sorted(draw(st.sets(st.sampled_from(TIMES), max_size=3)))
    bands = list(zip(cuts, [*cuts[1:], cuts[0]], strict=True)) if len(cuts) > 1 else [("", "")]
    if draw(st.integers(0, 9)) == 7:
        bands = bands[1:] or bands
    slot = {"prefix": prefix, "origin_prefix": origin, "calendar": calendar}
    slot["direction"] = draw(st.sampled_from(["", "out", "out", "out", "out", "out", "out", "in"]))
    rows: list[Texts] = []
    for start, end in bands:
        days = draw(st.sampled_from(DAYS)) if draw(st.integers(0, 4)) == 3 else ""
        tiers = {0} | draw(st.sets(st.sampled_from([1, 5, 60, 61, 600]), max_size=2))
        if draw(st.integers(0, 9)) == 7:
            band = {"start": start, "end": end, "days": days}
            rows.append(slot | band | {"rate": "", "action": "deny"})
            continue
        rows += [
            slot
            | {"start": start, "end": end, "days": days, "from_second": str(tier)}
            | draw(terms if tier == 0 else terms.filter(lambda row: row["increment"][-2:] != "/0"))
            for tier in sorted(tiers)
        ]
    if draw(st.integers(0, 29)) == 17:
        rows.append(slot | draw(terms) | {"start": draw(st.sampled_from(TIMES))})
    return rows


@st.composite
def decks(draw: st.DrawFn) -> list[Texts]:
    rows: list[Texts] = []
    base = draw(st.sampled_from(["33", "336", "3361"]))
    if draw(st.integers(0, 4)) == 3:
        rows.append({"prefix": draw(st.sampled_from(PREFIXES)), "action": "deny", "rate": ""})
    for prefix in sorted({base} | draw(st.sets(st.sampled_from(PREFIXES), max_size=3))):
        for origin in draw(
            st.sampled_from(
                [
                    *(("",), ("",), ("",), ("", "32"), ("32", "325"), ("", "325")),
                    *(("", "32", "unknown"), ("32", "unknown"), ("", "unknown"), ("unknown",)),
                ]
            )
        ):
            for calendar in draw(
                st.sampled_from([*[("",)] * 5, ("", "turns"), ("", "turns", "after"), ("after",)])
            ):
                rows += draw(slots(prefix, origin, calendar))
    return rows


OUT: CallDirection = "out"
IN: CallDirection = "in"
DIRECTIONS = [OUT] * 9 + [IN]


@st.composite
def calls(draw: st.DrawFn, numbers: tuple[str, ...] = NUMBERS) -> tuple[str, Asked]:
    zone, turn = draw(st.sampled_from(TURNS))
    minutes, seconds = draw(st.integers(-120, 60)), draw(st.sampled_from([0, 1, 30, 58]))
    millis = draw(st.sampled_from([0, 0, 1, 500]))
    answered = turn + timedelta(minutes=minutes, seconds=seconds, milliseconds=millis)
    short = st.integers(0, 700)
    return zone, Asked(
        direction=draw(st.sampled_from(DIRECTIONS)),
        to=draw(st.sampled_from(numbers)),
        caller=draw(st.sampled_from(CALLERS)),
        answered=answered,
        duration=draw(st.one_of(short, short, st.integers(0, 4_000))),
    )


def as_csv(rows: list[Texts]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def compiled(rows: list[Texts], zone: str, policy: str) -> Deck | list[object]:
    found = zone_of(zone)
    assert found is not None
    sheet = read_sheet(as_csv(rows))
    assert isinstance(sheet, Sheet)
    calendars = calendars_of([DeckCalendar(name, tuple(d)) for name, d in CALENDARS.items()])
    assert not isinstance(calendars, str)
    heading = Heading("d", 1, "USD", 0, found, BandPolicy(policy), calendars)
    made = compile_sheet(heading, sheet)
    return made if isinstance(made, Deck) else list(made)


def as_call(asked: Asked) -> Call:
    answered_ms = to_millis(asked.answered)
    return Call(asked.direction, asked.to, asked.caller, answered_ms, asked.duration)


def fast(deck: Deck, asked: Asked) -> Rated | Refusal:
    return rate_call(DeckBook.of([deck]), load_numbers(), ("d",), "USD", as_call(asked))


def summary(result: Rated | Refusal) -> tuple[object, ...]:
    if isinstance(result, Refusal):
        return (result.reason.value,)
    charge = Decimal(result.charge_micros).scaleb(-6)
    return (result.outcome, charge, result.prefix, billed_s(result.lines))


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(decks(), calls(), st.sampled_from(["split", "split", "start"]))
def test_fast_and_slow_rater_agree(
    rows: list[Texts], asked: tuple[str, Asked], policy: str
) -> None:
    zone, call = asked
    deck = compiled(rows, zone, policy)
    if not isinstance(deck, Deck):
        event("clash")
        assert overlap(rows), deck
        return
    expected = SlowRater(rows, zone, policy, CALENDARS).price(call)
    event(str(expected[0]))

    result = fast(deck, call)

    assert summary(result) == expected
    if isinstance(result, Rated):
        spans = spans_of(result.lines, as_call(call))
        event(f"{min(len(spans), 4)} spans")
        assert sum(span.billed_s for span in spans) == billed_s(result.lines)
        assert sum(span.seconds for span in spans) <= call.duration
        assert sum(line.amount_micros for line in result.lines) == result.charge_micros


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    decks(),
    calls(("+3361*****", "+336*****", "+33612345**", "+337*****", "+44*****", "+39******")),
)
def test_a_masked_number_is_priced_only_as_all_its_completions_are(
    rows: list[Texts], asked: tuple[str, Asked]
) -> None:
    zone, call = asked
    deck = compiled(rows, zone, "split")
    call = call._replace(duration=min(call.duration, 20))
    if not isinstance(deck, Deck):
        return
    possible = {price[:2] for price in SlowRater(rows, zone, "split", CALENDARS).price_masked(call)}

    result = summary(fast(deck, call))

    event(str(result[0]))
    if result == ("ambiguous_prefix",):
        known = call.to.strip("+*")
        assert any(row["prefix"].startswith(known) and row["prefix"] != known for row in rows)
    else:
        assert possible == {result[:2]}


@pytest.mark.parametrize("policy", ["split", "start"])
def test_they_agree_on_a_call_over_two_days_of_bands(policy: str) -> None:
    rows = [
        {"prefix": "33", "rate": "0.05", "start": "08:00", "end": "20:00", "increment": "60/7"},
        {"prefix": "33", "rate": "0.02", "start": "20:00", "end": "08:00", "increment": "1/61"},
    ]
    answered = datetime(2024, 3, 30, 6, 59, 31, 250_000, UTC)
    call = Asked("out", "+33142685300", None, answered, 100_000)
    deck = compiled(rows, "Europe/Paris", policy)
    assert isinstance(deck, Deck)

    expected = SlowRater(rows, "Europe/Paris", policy, CALENDARS).price(call)

    assert summary(fast(deck, call)) == expected


def overlap(rows: list[Texts]) -> bool:
    """Tell whether two rows of one tier hold at once: if so, then when one of them begins."""
    keys = ("prefix", "origin_prefix", "from_second", "direction", "calendar")
    monday = datetime(2024, 1, 1, tzinfo=UTC)
    walls = [
        datetime.combine(monday + timedelta(days=day), time.fromisoformat(begin))
        for day in range(7)
        for begin in TIMES
    ]
    return any(
        all(_alike(key, one, other) for key in keys)
        and any(holds(one, wall) and holds(other, wall) for wall in walls)
        for one, other in combinations(rows, 2)
    )


def _alike(key: str, one: Texts, other: Texts) -> bool:
    default = {"from_second": "0", "direction": "out"}.get(key, "")
    return (one.get(key) or default) == (other.get(key) or default)
