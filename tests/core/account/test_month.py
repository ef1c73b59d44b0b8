"""Months by the account's clocks: where they begin, and where they end though the clocks change."""

from datetime import UTC, datetime

import pytest

from rater.core.account.month import after_month, month_at, month_end_ms
from rater.core.pricing.plans.book import NO_BOOK
from tests.build import PLANS, account


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * 1_000


def test_what_is_there_of_the_month_to_come_is_told_from_what_was() -> None:
    assert after_month({"2025-12": 1, "2026-01": 2, "2026-02": 4}, "2026-01") == 4
    assert after_month({}, "2026-01") == 0


@pytest.mark.parametrize(
    ("zone", "at", "month", "ends"),
    [
        ("UTC", "2024-01-31T23:59:59Z", "2024-01", "2024-02-01T00:00:00Z"),
        ("Europe/Paris", "2024-01-31T23:30:00Z", "2024-02", "2024-02-29T23:00:00Z"),
        ("Europe/Paris", "2024-03-10T12:00:00Z", "2024-03", "2024-03-31T22:00:00Z"),
        ("Europe/Paris", "2024-10-10T12:00:00Z", "2024-10", "2024-10-31T23:00:00Z"),
        # On the 1st midnight is skipped: the clocks go from 23:59:59 to 01:00.
        ("America/Asuncion", "2023-09-15T12:00:00Z", "2023-09", "2023-10-01T04:00:00Z"),
        ("America/New_York", "2024-12-31T12:00:00Z", "2024-12", "2025-01-01T05:00:00Z"),
        ("America/New_York", "2024-11-01T03:00:00Z", "2024-10", "2024-11-01T04:00:00Z"),
    ],
)
def test_a_month_is_that_of_the_account(zone: str, at: str, month: str, ends: str) -> None:
    there = account(time_zone=zone)

    assert month_at(there, PLANS, ms(at)) == month
    assert month_end_ms(there, PLANS, ms(at)) == ms(ends)
    assert month_at(there, PLANS, ms(ends) - 1) == month
    assert month_at(there, PLANS, ms(ends)) > month


def test_an_account_on_utc_needs_no_zones_and_one_of_an_unknown_zone_is_taken_for_it() -> None:
    assert month_at(account(), NO_BOOK, ms("2024-01-31T23:59:59Z")) == "2024-01"
    assert month_at(account(time_zone="No/Where"), PLANS, ms("2024-01-31T23:59:59Z")) == "2024-01"
