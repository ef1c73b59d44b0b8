"""Which brokers are this machine's, and what is said of others before anything is sent."""

import pytest
from click.testing import CliRunner

from loadtest.replay.command import is_own, replay


@pytest.mark.parametrize(
    ("brokers", "own"),
    [
        ("localhost:9092", True),
        ("127.0.0.1:9092, [::1]:9092", True),
        ("kafka.example:9092", False),
        ("localhost.example:9092", False),
        ("127.example:9092", False),
        ("localhost:9092,kafka.example:9092", False),
        ("10.0.0.1:9092", False),
        ("", False),
    ],
)
def test_a_broker_is_own_by_its_whole_name(brokers: str, own: bool) -> None:  # noqa: FBT001
    assert is_own(brokers) is own


def test_another_machine_must_be_meant() -> None:
    done = CliRunner().invoke(replay, ["calls.jsonl", "--broker", "localhost.example:9092"])
    assert (done.exit_code, "--i-know" in done.output) == (2, True)
