"""What mends a reason: every one that is kept has an answer, and those of rating are all kept."""

from typing import get_args

from rater.core.account.mending import MENDED_BY, Mender, is_by_word, is_kept, is_priceless
from rater.core.pricing.unrated import Unrated
from rater.core.suspension import Suspended, Suspension
from topics.records import SuspenseReason


def test_what_is_kept_is_what_something_here_may_mend() -> None:
    others = {"misrouted", "conflict", "correction_unsupported"}

    assert {*get_args(SuspenseReason)} - {*MENDED_BY} == others
    assert all(is_kept(each) for each in Unrated)
    assert not any(is_kept(each) for each in others)
    assert all(isinstance(who, Mender) for menders in MENDED_BY.values() for who in menders)


def test_only_what_has_no_price_is_free_after_days() -> None:
    assert is_priceless(Suspension(Unrated.AMOUNT_TOO_LARGE, ""))
    assert not is_priceless(Suspension(Suspended.AMOUNT_TOO_LARGE, ""))
    assert not is_priceless(Suspension(Suspended.UNKNOWN_TENANT, ""))


def test_only_what_is_too_old_or_in_the_future_asks_for_a_word() -> None:
    assert {each for each in get_args(SuspenseReason) if is_by_word(each)} == {
        "too_old",
        "in_future",
    }
