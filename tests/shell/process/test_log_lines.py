"""Log lines: as text they are what they were; as JSON each is one object with what its message names."""

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from rater.shell.process.log_lines import Form, formatter

AT_S = 1_793_610_600.25


def line(form: Form, message: str, *given: object, error: Exception | None = None) -> str:
    cause = None if error is None else (type(error), error, error.__traceback__)
    record = logging.LogRecord(
        "rater.shell.step", logging.WARNING, "step.py", 7, message, given, cause
    )
    record.created = AT_S
    return formatter(form).format(record)


def object_of(*message: Any, error: Exception | None = None) -> dict[str, Any]:
    text = line("json", *message, error=error)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_line_of_text_says_time_level_logger_and_message() -> None:
    said = line("text", "partition %(partition)d is halted: %(reason)s",
                {"partition": 3, "reason": "x"})  # fmt: skip

    assert said.endswith(" WARNING rater.shell.step: partition 3 is halted: x")


def test_an_object_has_the_whole_message_and_the_fields_that_it_names() -> None:
    found = object_of("partition %(partition)d is halted: %(reason)s",
                      {"partition": 3, "reason": "x"})  # fmt: skip

    assert found == {
        "time": "2026-11-02T09:10:00.250Z",
        "level": "warning",
        "logger": "rater.shell.step",
        "event": "partition 3 is halted: x",
        "partition": 3,
        "reason": "x",
    }
    assert list(found)[:4] == ["time", "level", "logger", "event"]


def test_a_line_of_another_library_is_an_object_too() -> None:
    found = object_of("Heartbeat failed for group %s because %r", "rater-charging", ValueError("x"))

    assert found["event"] == "Heartbeat failed for group rater-charging because ValueError('x')"
    assert set(found) == {"time", "level", "logger", "event"}


def test_what_json_does_not_know_is_text_and_no_field_takes_the_place_of_another() -> None:
    found = object_of(
        "%(level)s of %(source)s", {"level": "much", "source": ValueError("two\nlines")}
    )

    assert (found["level"], found["source"]) == ("warning", "two\nlines")
    assert found["event"] == "much of two\nlines"


def test_an_error_is_in_the_object_with_its_traceback() -> None:
    try:
        int("gone")
    except ValueError as error:
        found = object_of("failed", error=error)

    assert found["error.type"] == "ValueError"
    assert found["exception"].startswith("Traceback (most recent call last):\n")
    assert found["exception"].endswith("with base 10: 'gone'")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_service_logs_in_the_form_that_was_asked_for(form: str) -> None:
    program = (
        "import logging; from rater.shell.process.log_lines import start_logging;"
        f"start_logging('INFO', {form!r});"
        "logging.getLogger('faust').info('unheard'); logging.getLogger('aiokafka').warning('heard')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    (said,) = done.stderr.splitlines()
    if form == "json":
        assert json.loads(said)["event"] == "heard"
    else:
        assert said.endswith(" WARNING aiokafka: heard")


def test_what_is_daily_business_is_no_error_in_any_service() -> None:
    program = (
        "import logging; from rater.shell.process.log_lines import start_logging;"
        "start_logging('INFO', 'text');"
        "logging.getLogger('aiokafka.consumer.group_coordinator')"
        ".error('Group Coordinator Request failed: %s', 'not yet')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stderr.endswith(
        " INFO aiokafka.consumer.group_coordinator: Group Coordinator Request failed: not yet\n"
    )


def test_an_error_that_is_named_has_its_class_beside_it() -> None:
    found = object_of("fenced: %(error)s", {"error": TimeoutError("late")})

    assert (found["error"], found["error.type"]) == ("late", "TimeoutError")
