"""Suspense reasons are those of the published language."""

from typing import get_args

from rater.core.pricing.unrated import Unrated
from rater.core.suspension import Suspended
from topics.records import SuspenseReason


def test_every_reason_is_published_and_every_published_one_is_given() -> None:
    assert {*Suspended, *Unrated} == set(get_args(SuspenseReason))
