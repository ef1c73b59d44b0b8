"""The tariff: the load test's own answer to what a call costs."""

from pathlib import Path

import pytest

from loadtest.tariff import Tariff, charge_micros, rest_micros

HEAD = (
    "prefix,rate,action,increment,connection_fee,rounding,decimals,max_charge,days,regulatory_fee\n"
)


def tariff(tmp_path: Path, *rows: str) -> Tariff:
    deck = tmp_path / "deck.csv"
    deck.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return Tariff.read(deck)


@pytest.mark.parametrize(
    ("row", "billsec", "micros"),
    [
        ("33,0.125", 1, 125_000),
        ("33,0.125", 60, 125_000),
        ("33,0.125", 61, 250_000),
        ("33,0.01,,6/6", 61, 11_000),
        ("33,0.06,,30/6,0.001", 61, 67_000),
        ("33,0.06,,30/6", 12, 30_000),
        ("33,0.125,,,0.05", 219, 550_000),
        ("33,0.1,,1/1", 1, 1_667),
        ("33,0.1,,1/1,,down", 1, 1_666),
        ("33,0.1,,1/1,,half_up,2", 3, 10_000),
        ("33,0.1,,1/1,,half_even,2", 3, 0),
        ("33,1,,,,,,2.5", 3_600, 2_500_000),
        ("33,0,free", 3_600, 0),
        ("33,5,free,,0.2", 3_600, 0),
    ],
)
def test_a_call_costs_increments_and_fee_rounded_once_and_capped(
    tmp_path: Path, row: str, billsec: int, micros: int
) -> None:
    found = tariff(tmp_path, row).match("out", "+33612345678")

    assert found is not None
    assert charge_micros(found.terms, billsec) == micros


@pytest.mark.parametrize(
    ("row", "left_s", "micros"),
    [
        ("33,0.06,,30/6", 1, 6_000),
        ("33,0.06,,30/6", 12, 12_000),
        ("33,0.06,,30/6,0.001", 12, 13_000),
        ("33,0.06,,30/6,0.001,,,,,0.002", 12, 15_000),
        ("33,0.06,,30/6,0.001,,,,,0.002", 0, 2_000),
        ("33,0.06,,30/6,0.001,,,,,0.002", -48, 2_000),
        ("33,0.06,,30/6,0.001", 0, 0),
        ("33,1,,,,,,0.5", 3_600, 500_000),
        # 1,006 s are 1,006 s of money without a pool, and no more with one.
        ("33,0.06,,1006/60", 959, 960_000),
        ("33,0.06,,1006/60", 1_005, 1_006_000),
    ],
)
def test_what_pools_leave_is_paid_by_increments_without_the_initial_one(
    tmp_path: Path, row: str, left_s: int, micros: int
) -> None:
    found = tariff(tmp_path, row).match("out", "+33612345678")

    assert found is not None
    assert rest_micros(found.terms, left_s + 1, 1) == micros


def test_what_pools_leave_of_a_flat_price_is_not_known(tmp_path: Path) -> None:
    found = tariff(tmp_path, "33,0.06,,60/0").match("out", "+33612345678")

    assert found is not None
    with pytest.raises(ValueError, match="increment: "):
        rest_micros(found.terms, 61, 60)


def test_the_longest_prefix_decides_unless_a_deny_row_covers_the_number(tmp_path: Path) -> None:
    known = tariff(tmp_path, "44,0.015", "447,0.32", "449,,deny", "44909,0.01")

    matched = [known.match("out", number) for number in ("+4420", "+4475", "+44909", "+3312")]

    assert [row and row.prefix for row in matched] == ["44", "447", "449", None]


def test_a_row_that_is_not_plain_is_refused_with_line_column_and_value(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line 3: days: 'mon-fri'"):
        tariff(tmp_path, "33,0.125", "34,0.1,,,,,,,mon-fri")
