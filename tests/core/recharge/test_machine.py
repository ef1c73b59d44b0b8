"""The table: every state can be reached, every way is used, and the picture in the documents is made of it."""

import random
from pathlib import Path

import pytest

from rater.core.recharge import moves
from rater.core.recharge.machine import IN_FLIGHT, TRANSITIONS, Signal, State, diagram, next_state
from tests.recharge_walk import WITH_STOPS, wander
from tests.recharge_world import World

ROOT = Path(__file__).parents[3]


def test_every_state_is_reachable_and_every_way_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    used: set[tuple[State, Signal]] = set()

    def noting(state: State, signal: Signal) -> State | None:
        target = next_state(state, signal)
        if target is not None:
            used.add((state, signal))
        return target

    monkeypatch.setattr(moves, "next_state", noting)
    for seed in range(400):
        wander(World(), random.Random(seed), steps=120)
        wander(World(), random.Random(seed), steps=120, acts=WITH_STOPS)

    listed = {(state, signal) for state, ways in TRANSITIONS.items() for signal in ways}
    assert set() == listed - used
    assert set(State) == {TRANSITIONS[state][signal] for state, signal in used}


def test_no_way_leads_from_a_command_in_flight_to_another_but_over_a_decline() -> None:
    ways = {signal for state in IN_FLIGHT for signal in TRANSITIONS[state]}
    again = {
        signal
        for state in IN_FLIGHT
        for signal, target in TRANSITIONS[state].items()
        if target is State.REQUESTED
    }

    assert {Signal.NEXT_METHOD, Signal.TOO_LATE} == again
    assert Signal.BELOW_TRIGGER not in ways


def test_money_that_was_captured_is_credited_in_every_state() -> None:
    assert all(TRANSITIONS[state][Signal.CAPTURED] is State.CREDITING for state in State)


def test_the_picture_in_the_documents_is_that_of_the_table() -> None:
    assert diagram() in (ROOT / "docs" / "reference" / "recharge.md").read_text()
