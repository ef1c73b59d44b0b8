"""CDRs whose own fields disagree."""

from typing import Any

import pytest

from rater.core.charging_settings import ChargingSettings
from rater.core.pricing.contradictions import contradiction, contradicts
from rater.core.pricing.unrated import Unrated
from tests.build import NOW, SETTINGS, cdr


def over(billsec: int, talked_ms: int, **fields: Any) -> bool:
    return contradicts(cdr(billsec=billsec, answered_ms=NOW - talked_ms, **fields), SETTINGS)


@pytest.mark.parametrize(
    ("billsec", "talked_ms", "is_odd"),
    [
        (60, 60_000, False),
        (10_800, 306_000, True),
        (306, 10_800_000, True),
        (0, 306_000, True),
        (0, 5_000, False),
        (0, 5_001, True),
        (5, 0, False),
        (6, 0, True),
        (100, 105_000, False),
        (100, 105_264, True),  # 5.3 s are more than 5 s and more than 5 % of 105.3 s.
        (100, 105_263, False),
        (100, 94_999, True),
        (100, 95_000, False),
        (1_000, 1_052_000, False),
        (1_000, 1_053_000, True),
        (1_000, 950_000, False),
        (1_000, 949_999, True),
        (2_678_400, 60_000, True),
    ],
)
def test_seconds_and_times_agree_within_five_seconds_or_five_percent(
    billsec: int,
    talked_ms: int,
    is_odd: bool,  # noqa: FBT001
) -> None:
    assert over(billsec, talked_ms) == is_odd


@pytest.mark.parametrize(
    ("billsec", "since_start_ms", "is_odd"),
    [(30, 90_000, False), (0, 90_000, False), (90, 60_000, True), (64, 60_000, False)],
)
def test_where_no_answer_is_named_ringing_may_be_in_the_time(
    billsec: int,
    since_start_ms: int,
    is_odd: bool,  # noqa: FBT001
) -> None:
    assert over(billsec, since_start_ms, is_answer_named=False) == is_odd


@pytest.mark.parametrize("disposition", ["failed", "busy", "no_answer", "cancelled"])
def test_a_call_that_was_not_answered_has_no_seconds_after_an_answer(disposition: str) -> None:
    assert over(72, 72_000, disposition=disposition)
    assert not over(0, 0, disposition=disposition)
    assert not over(31, 31_000, disposition=disposition, is_answer_named=False)


def test_a_contradiction_says_what_disagrees() -> None:
    failed = contradiction(cdr(disposition="failed", billsec=72), SETTINGS)
    longer = contradiction(cdr(billsec=10_800, answered_ms=NOW - 306_000), SETTINGS)

    assert failed.reason is longer.reason is Unrated.CONTRADICTORY
    assert failed.detail == "disposition: failed, but answered_at is there and billsec is 72"
    assert longer.detail.startswith(
        "billsec: 10800, but 306 s lie between answered_at and ended_at"
    )


def test_the_tolerance_is_that_of_the_settings_in_force() -> None:
    wide = ChargingSettings(1, 0, {}, 7, 60, 50, 65_536)

    assert not contradicts(cdr(billsec=100, answered_ms=NOW - 199_000), wide)
    assert contradicts(cdr(billsec=100, answered_ms=NOW - 201_000), wide)
    assert "60 s or 50 %" in contradiction(cdr(billsec=0), wide).detail
