"""What a user may do is dated: what holds at an instant, and what is let go."""

from rater.core.account.past import KEPT_MS
from rater.core.account.user_terms import terms_at, with_terms
from tests.build import DAY, NOW
from topics.records import UserTerms

OLD = NOW - KEPT_MS


def of(from_ms: int, seq: int = 2, country: str = "US") -> UserTerms:
    return UserTerms(from_ms, seq, country, "any", "any")


def after(*changes: UserTerms) -> tuple[UserTerms, ...]:
    terms: tuple[UserTerms, ...] = ()
    for each in changes:
        terms = with_terms(terms, each, NOW)
    return terms


def test_a_user_exists_from_the_first_terms_on() -> None:
    assert terms_at((), NOW) is None
    assert terms_at(after(of(NOW)), NOW - 1) is None


def test_a_user_who_moves_has_both_countries_each_at_its_time() -> None:
    terms = after(of(NOW + DAY, 3, "FR"), of(NOW - DAY, 4))

    found = [terms_at(terms, at) for at in (NOW - DAY, NOW + DAY - 1, NOW + DAY)]
    assert [each and each.usage_country for each in found] == ["US", "US", "FR"]


def test_of_two_dated_alike_the_one_that_came_last_holds() -> None:
    assert after(of(NOW, 2), of(NOW, 3, "FR")) == (of(NOW, 3, "FR"),)


def test_what_no_call_can_ask_for_any_more_is_let_go() -> None:
    assert after(of(OLD - 1), of(OLD), of(OLD + 1)) == (of(OLD), of(OLD + 1))
    assert after(of(OLD), of(OLD - 1, 3)) == (of(OLD),)
