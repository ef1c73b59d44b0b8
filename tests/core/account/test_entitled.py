"""What is kept of a time is what would be found anew."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from rater.core.account.contract import Contract
from rater.core.account.entitled import SPANS_MAX, Entitled, EntitledSpans
from rater.core.account.entitlement import Entitlement, in_force
from rater.core.account.month import month_at
from rater.core.account.zone_change import ZoneChange
from rater.core.pricing.plans.book import NO_BOOK, PlanBook
from rater.core.pricing.plans.catalog import Catalog
from rater.core.pricing.plans.pools import Choice
from rater.wire.pricing.zones import zone_of
from tests.build import DAY, NOW, account
from tests.plan_build import allowance, catalog, plan

EARLY: Final = catalog(plan("CALLS", allowance("all", seconds=600)), version=1)
LATE: Final = catalog(plan("CALLS", allowance("all", seconds=900)), version=2)
BOOK: Final = PlanBook([Catalog(NOW - 100 * DAY, EARLY.record), Catalog(NOW, LATE.record)], zone_of)
NONE: Final[list[ZoneChange]] = []
EAST: Final = ZoneChange(NOW - 9 * DAY, "2026-02", "Asia/Tokyo")
WEST: Final = ZoneChange(NOW + 20 * DAY, "2026-04", "Pacific/Honolulu")
CHANGES: Final = (NONE, [EAST], [EAST, WEST])
INSTANTS: Final = st.integers(NOW - 120 * DAY, NOW + 120 * DAY)
LICENCES: Final = st.builds(
    Entitlement,
    st.sampled_from(["CALLS", "OTHER"]),
    st.sampled_from(["DE", "FR"]),
    INSTANTS,
    st.integers(0, 3),
    st.integers(1, 9),
)


def dated(found: list[Entitlement]) -> list[Entitlement]:
    return sorted(found, key=lambda each: (each.plan_id, each.usage_country, each.from_ms))


@given(
    licences=st.lists(LICENCES, max_size=6).map(dated),
    zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]),
    changes=st.sampled_from(CHANGES),
    asked=st.lists(INSTANTS, min_size=1, max_size=12),
)
def test_it_holds_at_every_instant_at_which_it_is_found(
    licences: list[Entitlement], zone: str, changes: list[ZoneChange], asked: list[int]
) -> None:
    spans, there = EntitledSpans(), account(time_zone=zone)
    there.contract = Contract([], [], zone_changes=changes)
    for at_ms in asked:
        found = spans.at(licences, BOOK, zone, at_ms, changes)
        anew = Entitled(licences, BOOK, zone, at_ms, changes)

        assert found.catalog is BOOK.at(at_ms)
        held = in_force(licences, at_ms) if found.catalog.version else []
        assert found.held == held
        assert found.month == (month_at(there, BOOK, at_ms) if found.catalog.version else "")
        pots = [(each.name, each.total_s) for each in found.pots()]
        assert pots == [(each.name, each.total_s) for each in anew.pots()]
        calls = Choice(found.catalog.pools_of((("CALLS", "DE"), ("CALLS", "FR"))))
        drawable = found.drawable(calls)
        assert drawable.pots == tuple([found.pot(pool) for pool in calls.pools])
        assert drawable.seq == max([e.seq for e in held if e.plan_id == "CALLS"], default=0)
        assert found.drawable(calls) is drawable


def test_few_times_are_kept_and_those_in_use_are_found_again() -> None:
    licences = [Entitlement("CALLS", "DE", 0, 1, 1)]
    spans = EntitledSpans()
    now = spans.at(licences, BOOK, "UTC", NOW, NONE)

    assert spans.at(licences, BOOK, "UTC", NOW + 1, NONE) is now
    for n in range(1, SPANS_MAX + 1):
        spans.at(licences, BOOK, "UTC", NOW + n * 31 * DAY, NONE)
    assert spans.at(licences, BOOK, "UTC", NOW, NONE) is not now


def test_other_licences_plans_or_clocks_are_found_anew() -> None:
    licences = [Entitlement("CALLS", "DE", 0, 1, 1)]
    spans = EntitledSpans()
    before = spans.at(licences, BOOK, "UTC", NOW, NONE)
    more = [Entitlement("CALLS", "DE", 0, 5, 2)]

    assert spans.at(more, BOOK, "UTC", NOW, NONE).pots()[0].total_s == 4_500
    assert spans.at(licences, NO_BOOK, "UTC", NOW, NONE).month == ""
    assert spans.at(licences, BOOK, "Asia/Kolkata", NOW, NONE) is not before
    assert spans.at(licences, BOOK, "UTC", NOW, CHANGES[1]) is not before


def test_a_pool_is_found_by_its_name_in_the_month_alone() -> None:
    here = Entitled([Entitlement("CALLS", "DE", 0, 2, 1)], BOOK, "UTC", NOW, NONE)
    pot = here.pots()[0]

    assert here.named(pot.name) is pot
    assert here.named(pot.name.replace(here.month, "1999-01")) is None
    assert here.named(f"{here.month}/NOBODY/all/DE") is None
    assert here.named(f"{here.month}/CALLS/all/FR") is not None


def test_who_pays_is_remembered_by_country_and_by_plans_of_users() -> None:
    licences = [Entitlement("CALLS", "DE", 0, 2, 1), Entitlement("OTHER", "DE", 0, 2, 1)]
    here = Entitled(licences, BOOK, "UTC", NOW, NONE)

    assert here.payers("DE") is here.payers("DE")
    assert here.payers("DE") is here.payers(None)
    assert here.payers("GB") is None
    assert here.payers("GB") is None
    assert here.payers_of_user("DE", ("OTHER",)) is here.payers_of_user("DE", ("OTHER",))
    assert here.payers_of_user("DE", ()) is None
    assert here.payers_of_user("GB", ("OTHER",)) is None


def test_who_pays_is_bounded() -> None:
    here = Entitled([Entitlement("CALLS", "DE", 0, 2, 1)], BOOK, "UTC", NOW, NONE)
    for n in range(1_025):
        here.payers(f"x{n}")
        here.payers_of_user("DE", (f"x{n}",))

    assert len(here._of_countries) == len(here._of_users) == 1
