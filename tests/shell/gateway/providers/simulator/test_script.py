"""Scripts of the simulator."""

from collections import Counter

import pytest

from rater.shell.gateway.providers.simulator import script
from rater.shell.gateway.providers.simulator.script import Step, draw, is_random, read_script


@pytest.mark.parametrize(
    ("method", "steps"),
    [
        ("sim:ok", [Step("ok")]),
        ("sim:insufficient_funds*2,ok", [Step("insufficient_funds")] * 2 + [Step("ok")]),
        ("sim:late=5s", [Step("late", 5_000)]),
        ("sim:delay=200ms*2", [Step("delay", 200)] * 2),
        ("sim:429*3,500,ok", [Step("429")] * 3 + [Step("500"), Step("ok")]),
        ("sim:webhook=0ms", [Step("webhook", 0)]),
        ("sim:dispute_won=1s,refund=0s", [Step("dispute_won", 1_000), Step("refund", 0)]),
    ],
)
def test_a_script_is_steps(method: str, steps: list[Step]) -> None:
    assert tuple(steps) == read_script(method)


@pytest.mark.parametrize(
    "method",
    [
        "pm_card_visa", "sim:", "sim:ok,", "sim:okay", "sim:ok*0", "sim:ok*1001", "sim:late",
        "sim:late=5", "sim:late=5h", "sim:ok=5s", "sim:delay=9999999s", "sim:OK", "sim:ok ok",
        "sim:random", "sim:ok*1000,ok",
    ],
)  # fmt: skip
def test_what_is_no_script_is_none(method: str) -> None:
    assert read_script(method) is None
    assert not is_random(method)


def test_a_random_method_draws_the_same_for_the_same_command_and_all_in_their_shares() -> None:
    drawn = [draw("sim:random:7", f"c{n}") for n in range(5_000)]
    shares = Counter(step.what for step in drawn)

    assert drawn == [draw("sim:random:7", f"c{n}") for n in range(5_000)]
    assert drawn != [draw("sim:random:8", f"c{n}") for n in range(5_000)]
    assert {step.what for _, step in script._MIXTURE} == set(shares)
    assert 2_000 < shares["ok"] < 2_500
