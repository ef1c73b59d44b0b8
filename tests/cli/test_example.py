"""`rater example`: what it prints can be sent, today."""

import json

import pytest
from click.testing import CliRunner

from rater.cli.example import at_time, example
from rater.shell.admin.publish import LineCheck, Ready
from topics.catalog import BY_NAME

NOW_MS = 1_795_889_000_000


@pytest.mark.parametrize(
    ("what", "topic"),
    [
        ("commands", "account.commands.v1"),
        ("requests", "account.requests.v1"),
        ("cdrs", "cdr.raw.v1"),
    ],
)
def test_every_line_is_ready_to_be_sent(what: str, topic: str) -> None:
    said = CliRunner().invoke(example, [what]).stdout.encode()
    items = list(LineCheck(BY_NAME[topic]).lines(said.splitlines()))

    assert len(items) >= 3
    assert all(isinstance(item, Ready) for item in items), items


def test_times_are_so_long_ago() -> None:
    filled = json.loads(at_time('{"a": "@90s@", "b": "@2m@", "c": "me@example.com"}', NOW_MS))

    assert filled == {
        "a": "2026-11-28T18:01:50Z",
        "b": "2026-11-28T18:01:20Z",
        "c": "me@example.com",
    }
