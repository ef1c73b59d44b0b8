"""Plan versions, as the reconciler reads them: what holds when, and what may not lie on the topic."""

import json
from typing import Any

import msgspec
import pytest

from rater.reconcile.folds.plan_versions import PlanVersions, read_plans
from rater.reconcile.reading.log import Record
from tests.plan_build import BOTH, US_PR, allowance, plan, record
from topics.records import FundingChain, PlanCatalog, SharingGroup

SINCE_MS = 1_767_225_600_000
"""2026-01-01."""


def lying(offset: int, content: PlanCatalog, **fields: Any) -> tuple[int, Record]:
    value = {**msgspec.to_builtins(content), **fields}
    return 0, Record(offset, 0, str(content.version).encode(), json.dumps(value).encode())


def read(*records: tuple[int, Record]) -> PlanVersions:
    return read_plans(records)


def test_the_version_in_force_is_that_of_the_start_of_a_call() -> None:
    shelf = read(
        lying(0, record()),
        lying(1, record(version=3)),
        lying(2, record(version=2), valid_from="2026-01-01T00:00:01Z"),
    )

    assert shelf.faults == []
    found = [shelf.at(SINCE_MS + ms) for ms in (-1, 0, 1_000)]
    assert [None if each is None else each.version for each in found] == [None, 3, 2]


def test_a_version_again_is_no_fault_and_another_content_is_one() -> None:
    shelf = read(lying(0, record()), lying(1, record()), lying(2, record(), unpooled_prefixes=[]))

    assert [each.version for each in shelf.versions] == [1]
    (fault,) = shelf.faults
    assert (fault.offset, fault.field, fault.expected) == (
        2,
        "value",
        "the same again: a version is immutable",
    )


ANY = (FundingChain("*", ("calling_plan", "credits")),)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (record(BOTH, BOTH, chains=ANY), "plan_id"),
        (record(plan("P", allowance(), allowance()), chains=ANY), "allowance_id"),
        (record(zones=record().zones * 2), "zone_id"),
        (record(sharing_groups=(US_PR, SharingGroup("more", ("CA", "PR")))), "sharing_groups"),
        (record(chains=ANY * 2), "call_type"),
        (record(zones=()), "zones"),
        (record(chains=(FundingChain("*", ("calling_plan",)),)), "sources"),
        (record(chains=(FundingChain("*", ("nothing", "credits")),)), "sources"),
        (record(chains=(FundingChain("*", ("credits", "credits")),)), "sources"),
    ],
)
def test_what_leads_nowhere_is_a_fault_and_in_force_nowhere(
    content: PlanCatalog, field: str
) -> None:
    shelf = read(lying(4, content))

    assert shelf.versions == []
    assert [(each.proof, each.offset, each.field) for each in shelf.faults] == [("plans", 4, field)]


def test_what_cannot_be_read_or_lies_under_another_number_is_a_fault() -> None:
    shelf = read_plans(
        [
            (0, Record(0, 0, b"1", b"{not json")),
            (0, Record(1, 0, b"2", None)),
            (0, Record(2, 0, b"9", lying(0, record())[1].value)),
            lying(3, record(version=4), valid_from="soon"),
        ]
    )

    assert [each.field for each in shelf.faults] == ["value", "value", "key", "value"]
    assert shelf.at(SINCE_MS) is None
