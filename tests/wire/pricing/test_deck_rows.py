"""Rows of a deck: what each column takes and refuses, and what a line may not say."""

import pytest

from rater.core.money import Rounding
from rater.core.pricing.rates import ALL_DAYS, Action, Direction, Row
from rater.wire.pricing.deck_rows import DeckFault, RowReader


def read(**cells: str) -> Row | list[DeckFault]:
    texts = {"prefix": "33", "rate": "0.1"} | cells
    return RowReader(list(texts)).read(7, list(texts.values()))


def row(**cells: str) -> Row:
    found = read(**cells)
    assert isinstance(found, Row), found
    return found


def test_only_prefix_and_rate_are_required() -> None:
    assert row() == Row(7, "33", 100_000_000)


def test_every_column_is_read() -> None:
    found = row(
        direction="in",
        destination="Paris",
        country="FR",
        number_type="landline",
        action="rate",
        rate="0.000000001",
        per_seconds="1",
        increment="30/6",
        connection_fee="0.05",
        from_second="60",
        days="mon-fri",
        start="08:00",
        end="20:00:30",
        rounding="half_even",
        decimals="4",
        max_charge="5",
        origin_prefix="+32",
        grace_s="6",
        min_charge="0.1",
        calendar="holidays",
    )

    assert found == Row(
        line=7,
        prefix="33",
        rate_nanos=1,
        direction=Direction.IN,
        destination="Paris",
        country="FR",
        number_type="landline",
        action=Action.RATE,
        per_s=1,
        initial_s=30,
        increment_s=6,
        fees=(("connection_fee", 50_000),),
        from_second=60,
        days=0b1_1111,
        start_s=8 * 3_600,
        end_s=20 * 3_600 + 30,
        rounding=Rounding.HALF_EVEN,
        decimals=4,
        max_charge_micros=5_000_000,
        origin_prefix="32",
        grace_s=6,
        min_charge_micros=100_000,
        calendar="holidays",
    )


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("", ALL_DAYS),
        ("mon", 1),
        ("sat sun", 0b110_0000),
        ("Fri-Mon", 0b111_0001),
        ("mon-sun", ALL_DAYS),
        ("tue,thu", 0b000_1010),
    ],
)
def test_days_are_names_and_ranges(text: str, mask: int) -> None:
    assert row(days=text).days == mask


def test_a_free_or_deny_row_needs_no_rate() -> None:
    assert row(action="deny", rate="").action is Action.DENY
    assert row(action="free", rate="").rate_nanos == 0


@pytest.mark.parametrize(
    ("column", "text"),
    [
        *(("prefix", text) for text in ("", "0", "033", "33a", "+", "1" * 16, "-1", "٣٣")),
        *(
            ("rate", text)
            for text in ("", "x", "-1", "-0", "1e3", "NaN", "0.1234567891", "1000001")
        ),
        *(("direction", text) for text in ("OUT", "both")),
        *(("country", text) for text in ("fr", "FRA", "1")),
        *(("action", text) for text in ("allow", "Deny")),
        *(("per_seconds", text) for text in ("0", "-1", "86401", "1.5")),
        *(
            ("increment", text)
            for text in ("60", "0/60", "0/0", "60/", "60/60/60", "a/b", "86401/1")
        ),
        *(("connection_fee", text) for text in ("-0.1", "0.0000001", "1000001")),
        *(("max_charge", text) for text in ("-1", "x", "0.0000001")),
        *(("from_second", text) for text in ("-1", "2678401", "1.0")),
        *(("days", text) for text in ("monday", "mon-", "-fri", "mon-xyz", "1-5")),
        *(("start", text) for text in ("8:00", "24:00", "25:00", "08:60", "0800", "08:00:60")),
        *(("end", text) for text in ("24:01", "24:00:01", "noon")),
        *(("calendar", text) for text in ("bank holidays", "x" * 65, "f\u00eates")),
        *(("grace_s", text) for text in ("-1", "86401", "6s")),
        *(("min_charge", text) for text in ("-1", "x", "0.0000001")),
        *(("surcharge", text) for text in ("-1", "x", "0.0000001")),
        *(("rounding", text) for text in ("ceil", "UP")),
        *(("decimals", text) for text in ("7", "-1", "two")),
        *(("origin_prefix", text) for text in ("0", "abc", "Unknown")),
        ("destination", "x" * 201),
        ("destination", "a\x00b"),
        ("number_type", "x" * 33),
    ],
)
def test_a_bad_cell_is_told_with_line_column_and_value(column: str, text: str) -> None:
    faults = read(**{column: text})

    assert isinstance(faults, list)
    assert [(fault.line, fault.column, fault.value) for fault in faults] == [(7, column, text)]
    assert str(faults[0]).startswith(f"line 7, column {column}: ")


def test_all_bad_cells_of_a_line_are_told() -> None:
    faults = read(prefix="x", rate="y", days="z")

    assert isinstance(faults, list)
    assert [fault.column for fault in faults] == ["prefix", "rate", "days"]


def test_cells_that_contradict_each_other_are_told() -> None:
    same = read(start="08:00", end="08:00")
    late = read(action="deny", from_second="60")

    assert isinstance(same, list)
    assert isinstance(late, list)
    assert [fault.column for fault in same + late] == ["end", "from_second"]


def test_one_price_per_call_is_an_increment_and_no_tier() -> None:
    found = row(increment="60/0")
    faults = read(increment="60/0", from_second="60")

    assert (found.initial_s, found.increment_s, found.is_flat) == (60, 0, True)
    assert isinstance(faults, list)
    assert [(fault.column, fault.value) for fault in faults] == [("from_second", "60")]


def test_a_minimum_above_the_cap_is_refused_and_one_as_high_is_not() -> None:
    faults = read(min_charge="0.51", max_charge="0.50")

    assert isinstance(faults, list)
    assert str(faults[0]) == (
        "line 7, column min_charge: '0.51' is more than max_charge, 0.50: no call could cost both"
    )
    assert row(min_charge="0.50", max_charge="0.5").min_charge_micros == 500_000
    assert row(min_charge="9").max_charge_micros is None


def test_a_free_row_with_a_minimum_is_refused() -> None:
    faults = read(action="free", rate="", min_charge="0.05")

    assert isinstance(faults, list)
    assert [fault.column for fault in faults] == ["min_charge"]


def test_a_free_row_with_a_connection_fee_is_refused() -> None:
    """It was charged its fee: 0.05 for a call that the deck calls free."""
    faults = read(action="free", rate="", connection_fee="0.05")

    assert isinstance(faults, list)
    assert str(faults[0]) == (
        "line 7, column connection_fee: '0.05' must be 0 or empty in a free row, which charges "
        "nothing at all; where the fee is meant, write action rate and rate 0"
    )
    assert row(action="free", rate="", connection_fee="0.00").fees == ()
    assert row(action="rate", rate="0", connection_fee="0.05").fees == (("connection_fee", 50_000),)
