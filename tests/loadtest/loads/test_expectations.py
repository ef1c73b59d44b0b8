"""Expectations: what is written is what is read; an entry that does not add up is named."""

import json
from collections import Counter

import pytest

from loadtest.expected import Expected
from loadtest.generate import Workload
from loadtest.loads import expectations
from loadtest.loads.faults import LoadError
from loadtest.oracle import compare_with_plan
from loadtest.plan import Plan
from tests.bench_core import SAMPLE_DECK

PLAN = Plan(
    start_ms=1_790_000_000_000,
    tenants=30,
    cdrs=3_000,
    plans="drawn",
    users=2,
    post_paid=30.0,
    promotional=30.0,
    late=5.0,
    changes=2,
)


@pytest.fixture(scope="module")
def expected() -> Expected:
    workload = Workload(PLAN, SAMPLE_DECK, 4)
    list(workload.commands())
    for act in workload.acts():
        list(act.cdrs)
    return workload.expected


def test_what_is_written_is_read_again(expected: Expected) -> None:
    again = expectations.decode(expectations.encode(expected), "expected.json")

    assert again.outcomes == expected.outcomes
    assert again.users == expected.users
    assert again.purses.keys() == expected.purses.keys()
    for name in ("charges", "charged_micros", "funded_micros", "waived_micros"):
        assert Counter(getattr(again, name)) == Counter(getattr(expected, name)), name
    for name in ("pooled", "used_s", "owed_micros", "credit_limits", "prepaid_again"):
        assert getattr(again, name) == getattr(expected, name), name
    missing = [each.split(": ")[:2] for each in compare_with_plan({}, expected)]
    assert [each.split(": ")[:2] for each in compare_with_plan({}, again)] == missing


def test_people_read_a_balance_of_each_tenant(expected: Expected) -> None:
    said = json.loads(expectations.encode(expected))["tenants"]

    assert said["tenant-0001"]["balance_micros"] == expected.balance_micros("tenant-0001")
    assert sum(each["charges"] for each in said.values()) == expected.charges.total()


def test_an_entry_that_does_not_add_up_is_named(expected: Expected) -> None:
    said = json.loads(expectations.encode(expected))
    said["tenants"]["tenant-0002"]["balance_micros"] += 1

    with pytest.raises(LoadError, match=r"e.json: tenant-0002: balance_micros: must be"):
        expectations.decode(json.dumps(said).encode(), "e.json")


@pytest.mark.parametrize("value", [b"", b"{", b'{"tenants":{}}', b'{"outcomes":[],"pooled":0}'])
def test_what_is_no_such_file_is_refused_by_its_name(value: bytes) -> None:
    with pytest.raises(LoadError, match=r"^e.json: "):
        expectations.decode(value, "e.json")
