"""Plan book: which version holds for a call that starts at an instant."""

from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.plans.catalog import NO_PLANS
from tests.build import DAY, NOW
from tests.plan_build import catalog, plan


def test_before_the_first_version_there_are_no_plans() -> None:
    assert PlanBook().at(NOW) is NO_PLANS
    assert NO_PLANS.version == 0

    one = PlanBook([catalog(valid_from_ms=NOW)])
    assert [one.at(at_ms).version for at_ms in (0, NOW - 1, NOW, NOW + DAY)] == [0, 0, 1, 1]


def test_the_version_in_force_is_the_one_that_began_last_and_of_two_the_higher() -> None:
    three = PlanBook(
        catalog(version=version, valid_from_ms=since_ms)
        for version, since_ms in ((3, NOW), (2, NOW + DAY), (1, NOW))
    )

    assert [three.at(NOW + n * DAY).version for n in (-1, 0, 1, 9)] == [0, 3, 2, 2]


def test_a_plan_is_offered_by_a_version_in_force_then_or_later() -> None:
    book = PlanBook(
        [
            catalog(plan("OLD"), plan("BOTH"), valid_from_ms=NOW, chains=()),
            catalog(plan("NEW"), plan("BOTH"), version=2, valid_from_ms=NOW + DAY, chains=()),
        ]
    )

    def offered(plan_id: str) -> list[bool]:
        return [book.offers(plan_id, at_ms) for at_ms in (0, NOW, NOW + DAY)]

    assert offered("OLD") == [True, True, False]
    assert offered("NEW") == [True, True, True]
    assert offered("BOTH") == [True, True, True]
    assert offered("NONE") == [False, False, False]
    assert not PlanBook().offers("OLD", NOW)


def test_a_book_with_a_version_more_leaves_the_other_as_it_is() -> None:
    before = PlanBook([catalog(valid_from_ms=NOW)])
    after = before.with_version(catalog(version=2, valid_from_ms=NOW))
    again = after.with_version(catalog(version=2, valid_from_ms=NOW + DAY))

    assert [book.at(NOW).version for book in (before, after, again)] == [1, 2, 1]
    assert len(again.versions) == 2
