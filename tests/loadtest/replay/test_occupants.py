"""What is said of whom a replay finds on a cluster, and which tenants are a load test's by their names."""

import pytest

from loadtest.accounts import is_ours, name_of
from loadtest.replay.occupants import Occupants


def test_where_nobody_is_nothing_is_said() -> None:
    assert not Occupants().said()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Occupants(members=1, has_offsets=True), "is live (group rater-gateway has 1 member)"),
        (Occupants(members=2), "is live (group rater-gateway has 2 members)"),
        (Occupants(has_offsets=True), "has committed offsets and no member"),
        (Occupants(tenants=("acme", "globex", "initech")), "made, 'acme', 'globex', 'initech': "),
        (Occupants(tenants=("a", "b", "c", "d")), "made, 'a', 'b', 'c' and others: "),
    ],
)
def test_what_is_found_is_said(found: Occupants, said: str) -> None:
    assert said in found.said()


def test_all_that_is_found_is_said_at_once() -> None:
    said = Occupants(members=1, tenants=("acme",)).said()
    assert ("is live" in said, "'acme'" in said, "been at work" in said) == (True, True, False)


@pytest.mark.parametrize("serial", [1, 42, 9_999, 10_000, 1_000_000])
def test_the_tenants_of_a_load_test_are_its_own(serial: int) -> None:
    assert is_ours(name_of(serial).encode())


@pytest.mark.parametrize(
    "key",
    [b"acme", b"tenant-7", b"tenant-0001\n", b"tenant-0001/ann", b"my-tenant-0001", b"TENANT-0001", b""],
)  # fmt: skip
def test_others_are_not(key: bytes) -> None:
    assert not is_ours(key)
