"""Bounds that must agree with each other, and with the published language."""

from rater.core import limits
from topics import fields


def test_amounts_have_the_published_bound() -> None:
    assert limits.AMOUNT_MICROS_MAX == fields.AMOUNT_MICROS_MAX


def test_a_late_call_is_remembered_for_longer_than_it_may_draw_on_an_expired_lot() -> None:
    assert limits.GRACE_MS < limits.WINDOW_DAYS * limits.DAY_MS
