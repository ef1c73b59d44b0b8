"""Entitlements are dated: what holds at an instant, what is kept of it, what is let go."""

from hypothesis import given
from hypothesis import strategies as st

from rater.core.account.contract import (
    BillingMode,
    Contract,
    billing_mode_at,
    entitlement_at,
    may_pay_later,
    with_billing_mode,
    with_entitlements,
    without_the_forgotten,
    without_the_forgotten_modes,
)
from rater.core.account.entitlement import Entitlement
from rater.core.account.past import KEPT_MS
from tests.build import DAY, NOW

OLD = NOW - KEPT_MS


def of(
    licences: int, from_ms: int = NOW, plan: str = "domestic", country: str = "US", seq: int = 2
) -> Entitlement:
    return Entitlement(plan, country, from_ms, licences, seq)


def contract(*entitlements: Entitlement) -> Contract:
    return Contract(with_entitlements(None, list(entitlements)), [])


def licences(there: Contract | None, at_ms: int, country: str = "US") -> int | None:
    found = entitlement_at(there, "domestic", country, at_ms)
    return None if found is None else found.licences


def test_what_is_dated_last_at_or_before_an_instant_holds() -> None:
    there = contract(of(115, NOW), of(100, NOW + DAY), of(7, NOW, country="FR"))

    assert licences(there, NOW - 1) is None
    assert licences(there, NOW) == 115
    assert licences(there, NOW + DAY - 1) == 115
    assert licences(there, NOW + DAY) == 100
    assert licences(there, NOW + DAY, "FR") == 7
    assert licences(there, NOW + DAY, "GB") is None
    assert licences(None, NOW) is None


def test_of_two_dated_alike_the_one_that_came_last_holds() -> None:
    there = with_entitlements(contract(of(115, seq=2)), [of(90, seq=5)])

    assert there == [of(90, seq=5)]


def test_a_change_dated_back_lies_before_those_dated_later() -> None:
    there = Contract(
        with_entitlements(contract(of(1, NOW - DAY), of(3, NOW + DAY)), [of(2, NOW)]), []
    )

    assert [licences(there, at) for at in (NOW - 1, NOW, NOW + DAY)] == [1, 2, 3]


def test_one_that_ended_before_the_oldest_call_is_let_go() -> None:
    kept = contract(of(1, OLD - 2), of(2, OLD - 1), of(3, OLD), of(4, OLD + 1), of(9, 0, "other"))

    left = without_the_forgotten(kept.entitlements, NOW)

    assert left == [of(3, OLD), of(4, OLD + 1), of(9, 0, "other")]


def test_that_there_are_none_any_more_is_let_go_with_what_it_ended() -> None:
    kept = contract(of(1, OLD - 2), of(0, OLD - 1), of(0, OLD + 1, "other"), of(0, NOW, "new"))

    left = without_the_forgotten(kept.entitlements, NOW)

    assert left == [of(0, NOW, "new"), of(0, OLD + 1, "other")]


rows = st.lists(
    st.builds(
        of,
        st.integers(0, 2),
        st.integers(-2, 3).map(lambda n: OLD + n),
        st.sampled_from(("domestic", "other")),
        st.sampled_from(("US", "FR")),
    ),
    max_size=8,
)


@given(rows)
def test_property_what_is_let_go_no_call_can_ask_for(changes: list[Entitlement]) -> None:
    all_of_them = contract(*changes)
    left = without_the_forgotten(all_of_them.entitlements, NOW)

    assert without_the_forgotten(left, NOW) == left
    for at_ms in range(OLD, OLD + 5):
        for plan in ("domestic", "other"):
            for country in ("US", "FR"):
                before = entitlement_at(all_of_them, plan, country, at_ms)
                after = entitlement_at(Contract(left, []), plan, country, at_ms)
                assert ((before and before.licences) or 0) == ((after and after.licences) or 0)


def modes(*changes: tuple[int, bool]) -> Contract:
    there = Contract([], [])
    for seq, (from_ms, pays_later) in enumerate(changes, 1):
        mode = BillingMode(from_ms, pays_later, seq)
        there = Contract([], with_billing_mode(there, mode))
    return there


def pays_later(there: Contract | None, at_ms: int) -> bool:
    mode = billing_mode_at(there, at_ms)
    return mode is not None and mode.pays_later


def test_an_account_is_prepaid_until_it_is_said_that_it_pays_later() -> None:
    there = modes((NOW + DAY, False), (NOW, True))

    assert [pays_later(there, at) for at in (NOW - 1, NOW, NOW + DAY)] == [False, True, False]
    assert not pays_later(None, NOW)


def test_of_two_billing_modes_dated_alike_the_one_that_came_last_holds() -> None:
    assert modes((NOW, True), (NOW, False)).billing_modes == [BillingMode(NOW, False, 2)]


def test_who_will_pay_later_may_pay_later() -> None:
    there = modes((NOW, True), (NOW + DAY, False))

    assert [may_pay_later(there, at) for at in (NOW - 1, NOW, NOW + DAY)] == [True, True, False]
    assert not may_pay_later(None, NOW)


def test_billing_modes_that_ended_before_the_oldest_call_are_let_go() -> None:
    old = ((OLD - 2, False), (OLD - 1, True), (NOW, False))

    def left(*changes: tuple[int, bool]) -> list[int]:
        kept = without_the_forgotten_modes(modes(*changes).billing_modes, NOW)
        return [each.from_ms for each in kept]

    assert left(*old) == [OLD - 1, NOW]
    assert left(*old, (OLD, False)) == [NOW]
    assert left(*old, (OLD, True)) == [OLD, NOW]
    assert left(*old, (OLD + 1, False)) == [OLD - 1, OLD + 1, NOW]
