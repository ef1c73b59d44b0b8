"""Circuit breakers of webhooks, by a clock of their own."""

import pytest

from rater.shell.notifier import circuits as module
from rater.shell.notifier.circuits import (
    CIRCUITS_MAX,
    FAILURES,
    FIRST_OPEN_S,
    LONGEST_OPEN_S,
    Circuits,
)

URL = "https://hooks.acme.example/x"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.changes: list[tuple[str, int]] = []
        self.circuits = Circuits(lambda *change: self.changes.append(change), lambda: self.now)

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            self.circuits.failed("acme", URL)

    def may(self, tenant: str = "acme") -> bool:
        return self.circuits.may_try(tenant, URL)


def test_a_circuit_opens_after_some_failures_and_lets_one_through_when_its_time_is_over() -> None:
    clock = Clock()
    clock.fail(FAILURES - 1)
    assert clock.may()
    clock.fail()
    assert not clock.may()
    assert clock.may("globex"), "another tenant's"
    clock.now = FIRST_OPEN_S
    assert [clock.may(), clock.may()] == [True, False]
    clock.circuits.succeeded("acme", URL)
    assert [clock.may(), clock.may()] == [True, True]
    assert clock.changes == [("open", 1), ("half_open", 1), ("closed", 0)]


def test_a_success_in_between_begins_the_count_anew() -> None:
    clock = Clock()
    for _ in range(5):
        clock.fail(FAILURES - 1)
        clock.circuits.succeeded("acme", URL)
    assert clock.may()
    assert clock.changes == []


def test_each_opening_lasts_longer_up_to_a_bound() -> None:
    clock, lasted = Clock(), []
    clock.fail(FAILURES)
    for _ in range(6):
        began = clock.now
        while not clock.may():
            clock.now += 1.0
        lasted.append(clock.now - began)
        clock.fail()
    assert lasted == [FIRST_OPEN_S, 60.0, 120.0, 240.0, LONGEST_OPEN_S, LONGEST_OPEN_S]


def test_a_probe_that_is_cut_short_does_not_keep_it_open_for_ever() -> None:
    clock = Clock()
    clock.fail(FAILURES)
    clock.now = FIRST_OPEN_S
    assert clock.may()
    clock.now += FIRST_OPEN_S
    assert clock.may()


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CIRCUITS_MAX == 10_000
    monkeypatch.setattr(module, "CIRCUITS_MAX", 3)
    clock = Clock()
    for number in range(50):
        clock.circuits.failed("acme", f"{URL}/{number}")
    assert len(clock.circuits._circuits) == 3
