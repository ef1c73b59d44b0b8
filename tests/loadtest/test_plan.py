"""The plan: what it refuses."""

import pytest

from loadtest.plan import Plan

START_MS = 1_790_000_000_000


@pytest.mark.parametrize(
    ("knobs", "complaint"),
    [
        ({"tenants": 0}, "tenants: 0, must be at least 1"),
        ({"cdrs": -1}, "cdrs: -1, must be at least 0"),
        ({"plans": "some"}, "plans: 'some', must be one of none, published, held, drawn"),
        ({"duplicates_pct": -0.5}, "duplicates_pct: -0.5, must be 0 to 100 percent"),
        ({"users": -1}, "users: -1, must be at least 0"),
        ({"post_paid": 101.0}, "post_paid: 101.0, must be 0 to 100 percent"),
        ({"promotional": -1.0}, "promotional: -1.0, must be 0 to 100 percent"),
        ({"late": 100.5}, "late: 100.5, must be 0 to 100 percent"),
        ({"changes": -1}, "changes: -1, must be at least 0"),
        ({"broken": (("haunted", 1.0),)}, "broken: 'haunted', must be one of empty"),
        ({"broken": (("empty", 101.0),)}, "broken empty: 101.0, must be 0 to 100 percent"),
        ({"inbound_pct": 60.0, "toll_free_pct": 60.0}, "percent in all, must be at most 100"),
    ],
)
def test_a_plan_that_cannot_be_made_names_field_and_value(
    knobs: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        Plan(start_ms=START_MS, **knobs)  # type: ignore[arg-type]


def test_a_clean_plan_has_plain_calls_alone() -> None:
    assert Plan.clean(start_ms=START_MS).special_pct() == 0.0


def test_the_short_calls_are_a_share_of_the_calls_and_not_a_kind_of_record() -> None:
    plan = Plan.clean(start_ms=START_MS)

    assert plan.short_calls_pct > 0
