"""Releasing: which record is meant, and what is said of it; what is charged is played in tests/batch."""

from rater.core.account.releasing import dropped, not_waiting, still_waits
from rater.core.pricing.unrated import Unrated
from rater.core.suspension import Suspension
from tests.build import NOW, source
from topics.records.charging_settings import NumberMask
from topics.records.open_suspense import OpenSuspense
from topics.records.recycling import DropCall, ReleaseCall

ROW = OpenSuspense(1, "acme", "c1", 2, NOW, "cdr.raw.v1", 0, 7, "no_rate", "{}")
ORDER = ReleaseCall("r1", "acme", "c1", 2, "cdr.raw.v1/0/7", "j1", "ann")


def test_an_order_names_the_record_that_waits() -> None:
    other = ReleaseCall("r1", "acme", "c1", 2, "cdr.raw.v1/0/6", "j1", "ann")
    earlier = ReleaseCall("r1", "acme", "c1", 1, "cdr.raw.v1/0/7", "j1", "ann")

    assert not_waiting(ORDER, ROW) is None
    for order, row in ((ORDER, None), (other, ROW), (earlier, ROW)):
        refusal = not_waiting(order, row)
        assert refusal is not None
        assert refusal.reason == "not_waiting"


def test_what_waits_on_says_for_what_now() -> None:
    refusal = still_waits(ORDER, Suspension(Unrated.DENIED, "x" * 2_000))

    assert refusal.waits is not None
    assert (refusal.waits.reason, refusal.waits.suspense_id) == ("denied", "cdr.raw.v1/0/7")
    assert len(refusal.detail) == 1_000


def test_what_waits_on_has_no_more_of_a_number_than_the_settings_leave() -> None:
    why = Suspension(Unrated.NO_RATE, "to: '+999123456', no prefix of sample matches")
    refusal = still_waits(ORDER, why, (NumberMask("", 4),))

    assert refusal.detail == "no_rate: to: '+99912****', no prefix of sample matches"


def test_what_is_dropped_is_named_with_who_asked() -> None:
    order = DropCall("d1", "acme", "c1", 2, "cdr.raw.v1/0/7", "j1", "ann", "a test")
    entry = dropped(order, ROW, source(topic="account.timers.v1"), 5)

    assert (entry.entry_id, entry.seq) == ("account.timers.v1/0/7", 5)
    assert (entry.waited.reason, entry.waited.by, entry.waited.why) == ("no_rate", "ann", "a test")
