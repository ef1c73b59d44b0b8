"""What the notifier reads of its own marks at start."""

import logging
from types import SimpleNamespace

import pytest

from rater.kafka.unread import Unread
from rater.shell.notifier.sent import PartitionMarks, take_mark
from rater.wire.outputs import encode
from topics.catalog import NOTIFIER_SENT
from topics.records.deliveries import MARK_LAYOUT, SentMark

MARK = SentMark(MARK_LAYOUT, "acme/14/exhausted", "email", "6f0b" * 8, "sent", 1_772_361_060_000)


def record(value: bytes | None) -> SimpleNamespace:
    return SimpleNamespace(offset=7, value=value)


def test_a_mark_is_noted() -> None:
    marks = PartitionMarks()

    assert take_mark(marks, 3, record(encode(MARK))) == 0
    assert marks.state(MARK.recipient) == "sent"


@pytest.mark.parametrize("value", [None, b"", b"{", encode(MARK).replace(b"6f0b", b"zzzz")])
def test_what_is_no_mark_is_said_and_counted(
    value: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    marks = PartitionMarks()
    with caplog.at_level(logging.ERROR):
        assert take_mark(marks, 3, record(value)) == 1

    assert marks.states == {}
    assert "marks 7 to 7 of partition 3 are lost" in caplog.text
    assert "may be sent again: it is no mark" in caplog.text


def test_marks_that_cannot_be_unpacked_are_said_and_counted_each(
    caplog: pytest.LogCaptureFixture,
) -> None:
    unread = Unread(
        topic=NOTIFIER_SENT.name, partition=3, offset=7, last_offset=11, timestamp=0, why="a bomb"
    )
    with caplog.at_level(logging.ERROR):
        assert take_mark(PartitionMarks(), 3, unread) == 5

    assert "marks 7 to 11 of partition 3 are lost" in caplog.text
    assert "a bomb" in caplog.text


def test_a_mark_of_another_release_is_not_passed_over() -> None:
    other = encode(MARK).replace(b'"layout":1', b'"layout":2')

    with pytest.raises(ValueError, match="notifier mark layout: must be 1, found 2"):
        take_mark(PartitionMarks(), 3, record(other))
