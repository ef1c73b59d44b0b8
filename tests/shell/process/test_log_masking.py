"""No line of a log names a whole number or a whole address."""

import json
import logging
from typing import Any

import pytest

from rater.shell.process.log_lines import Form, formatter
from rater.shell.process.log_masking import masked

SPANISH, ADA = "+34612345678", "ada.lovelace@example.org"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"to {SPANISH}, from {SPANISH}.", "to +34612******, from +34612******."),
        (f"mail to <{ADA}> failed", "mail to <a***@example.org> failed"),
        ("x@localhost", "x***@localhost"),
        ("jos\u00e9@example.org", "j***@example.org"),
        ('{"to": "0612345678", "a": 1}', '{"to": "0612******", "a": 1}'),
        ("offset 34612345678 at 2026-11-30T03:00:00+00:00", "offset 34612345678 at 2026-11-30T03:00:00+00:00"),
        ("+1234", "+1234"),
        ("no address @ all, a+b", "no address @ all, a+b"),
    ],
)  # fmt: skip
def test_numbers_and_addresses_are_hidden_and_nothing_else(text: str, told: str) -> None:
    assert masked(text) == told


def line(form: Form, message: str, named: dict[str, Any], error: Exception | None = None) -> str:
    cause = None if error is None else (type(error), error, error.__traceback__)
    record = logging.LogRecord("rater.x", logging.ERROR, "x.py", 7, message, (named,), cause)
    return formatter(form).format(record)


@pytest.mark.parametrize("form", ["text", "json"])
def test_they_are_hidden_wherever_they_stand_in_a_line(form: Form) -> None:
    try:
        int(f"{SPANISH} of {ADA}")
    except ValueError as error:
        said = line(
            form, "%(reason)s: %(error)s", {"reason": f"no {SPANISH}", "error": error}, error
        )
        listed = line(form, "%(decks)s", {"decks": [ADA, 7]})

    assert "+34612******" in said
    assert "a***@example.org" in said
    assert SPANISH not in said + listed
    assert ADA not in said + listed


def test_what_is_a_number_stays_one() -> None:
    found = json.loads(
        line("json", "%(partition)d", {"partition": 3, "known": [1, 2], "key": None})
    )

    assert (found["partition"], found["known"], found["key"]) == (3, [1, 2], None)


def test_a_long_text_without_an_address_takes_no_time() -> None:
    assert masked("x" * 200_000 + " @") == "x" * 200_000 + " @"
