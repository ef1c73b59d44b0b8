"""Plan handbook: every field that the file has is on the page, with its bounds, and every code of lint."""

import msgspec

from rater.wire.plans.plan_handbook import render
from rater.wire.plans.plan_lint import CODES
from topics.records import Allowance, Plan, PlanCatalog


def test_every_field_and_code_is_on_the_page() -> None:
    page = render()
    ids = {"plan_id", "allowance_id", "version", "valid_from"}
    for kind in (PlanCatalog, Plan, Allowance):
        for field in msgspec.structs.fields(kind):
            assert (f"\n| `{field.name}` | " in page) != (field.name in ids)
    assert all(f"| `{code}` | " in page for code in CODES)


def test_the_page_says_whose_calls_an_allowance_per_user_pays() -> None:
    assert "An allowance `per` user is each user's own" in render()
    assert "nothing yet" not in render()
