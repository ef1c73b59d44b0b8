"""The state of a recharge: which command is known, and when it must be looked at."""

import pytest

from rater.core.limits import NEVER_MS
from rater.core.recharge.state import Recharge, Started, due_ms, find_started
from tests.recharge_world import low
from tests.units import HOUR


def test_a_command_that_was_sent_is_found_with_its_attempt() -> None:
    world = low()
    world.decline(world.last, hard=False)
    world.wait(2 * HOUR)
    found = [find_started(world.recharge, command_id) for command_id in world.sent]

    assert [1, 2] == [each[1] for each in found if each is not None]


@pytest.mark.parametrize(
    "number",
    [
        "",
        "0",
        "00",
        "3",
        "01",
        "0001",
        "+1",
        "-1",
        "1 ",
        "1_0",
        "1e0",
        "\u00b2",
        "\u0661",
        "\u2460",
        "1" * 10**6,
    ],
)
def test_a_number_that_is_not_written_as_we_write_it_is_no_attempt(number: str) -> None:
    recharge = Recharge("acme", "USD", started=[Started("acme/recharge/1/5", 5, 1, attempts=2)])

    assert find_started(recharge, f"acme/recharge/1/5/{number}") is None


def test_who_waits_for_two_things_is_due_at_the_first() -> None:
    world = low()
    recharge = world.recharge
    assert recharge.attempt is not None
    answer = recharge.attempt.due_ms

    assert answer == due_ms(recharge)
    recharge.wait_ms = answer - 1
    assert answer - 1 == due_ms(recharge)
    recharge.attempt = None
    recharge.wait_ms = NEVER_MS
    assert NEVER_MS == due_ms(recharge)
