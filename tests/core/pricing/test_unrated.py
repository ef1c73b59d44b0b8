"""Why a call has no price: every reason is said somewhere."""

from typing import get_args

from rater.core.pricing.unrated import Unrated
from topics.records import SuspenseReason


def test_every_reason_may_stand_in_suspense_in_the_same_order() -> None:
    known = [reason for reason in get_args(SuspenseReason) if reason in set(Unrated)]

    assert [reason.value for reason in Unrated] == known
