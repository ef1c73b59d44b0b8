"""Which entitlements hold at an instant, and how many licences they are."""

from rater.core.account.entitlement import Entitlement, in_force, licences_of

NOW = 1_000_000
OLD = Entitlement("CALLS", "DE", 0, 10, 1)
NEW = Entitlement("CALLS", "DE", NOW, 7, 2)
FRENCH = Entitlement("CALLS", "FR", 0, 3, 1)
ENDED = Entitlement("MEETING", "DE", NOW, 0, 2)
BEGUN = Entitlement("MEETING", "DE", 0, 5, 1)
ALL = [OLD, NEW, FRENCH, BEGUN, ENDED]


def test_of_each_plan_and_country_the_last_holds_and_none_without_licences() -> None:
    assert in_force(ALL, NOW - 1) == [OLD, FRENCH, BEGUN]
    assert in_force(ALL, NOW) == [NEW, FRENCH]
    assert in_force(ALL, -1) == []


def test_licences_are_those_of_one_plan_by_country() -> None:
    assert licences_of(in_force(ALL, NOW), "CALLS") == {"DE": 7, "FR": 3}
    assert licences_of(in_force(ALL, NOW), "MEETING") == {}
