"""Thresholds are replaced."""

import pytest

from rater.core.account.account import AUTO_RECHARGE, AUTO_RECHARGE_HOURS
from rater.core.rejections import Rejected
from tests.build import UNIT, account
from tests.core.account.asked import asked, low, refused
from topics import records as r


def test_thresholds_are_replaced_and_evaluated_at_once() -> None:
    there = account()
    _, journal = asked(there, low("low"))

    kinds = [type(event).__name__ for event in journal.events]
    assert kinds == ["SettingsChanged", "ThresholdCrossed"]
    assert [each.armed for each in there.thresholds] == [False]
    assert asked(there, low("low"))[1].events[1:] == []


def test_a_threshold_is_named_once() -> None:
    assert refused(account(), low("a", "b", "a")) is Rejected.DUPLICATE_THRESHOLD


@pytest.mark.parametrize("name", [AUTO_RECHARGE, AUTO_RECHARGE_HOURS])
def test_the_triggers_of_recharge_are_not_set_as_thresholds(name: str) -> None:
    assert refused(account(), low(name)) is Rejected.RESERVED_THRESHOLD


@pytest.mark.parametrize(("amount", "hours"), [(None, None), (UNIT, 5)])
def test_a_threshold_is_an_amount_or_hours(amount: int | None, hours: int | None) -> None:
    settings = (r.ThresholdSetting("low", amount, hours),)

    assert refused(account(), r.SetThresholds("t1", "acme", settings)) is Rejected.INVALID_SETTING
