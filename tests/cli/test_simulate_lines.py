"""`rater simulate` reads its lines and options strictly: whatever is odd is named, with what it must be."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rater.__main__ import cli
from topics import catalog

DECK = Path(__file__).parents[1] / "scenarios" / "acs.csv"
AT = "2024-01-10T10:00:00Z"
CDR: dict[str, Any] = {"topic": "cdr.raw.v1", "key": "acme", "timestamp": AT, "value": {}}


def run(text: str | bytes, *options: str) -> Result:
    return CliRunner().invoke(cli, ["simulate", *options], input=text)


def refused(text: str | bytes, *options: str) -> str:
    done = run(text, *options)
    assert done.exit_code in {1, 2}, done.output
    assert isinstance(done.exception, SystemExit), done.exception
    return done.stderr


def line(**changes: Any) -> str:
    return json.dumps({**CDR, **changes}) + "\n"


def test_a_deck_is_given_once() -> None:
    said = refused("", "--deck", f"d={DECK}", "--deck", f"e={DECK}", "--deck", f"d={DECK}")

    assert "--deck: 'd' must be given once, found it again in " in said


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("9999-12-31T00:00:00Z", "must lie in the years 2000 to 2100"),
        ("9999-12-31T23:59:59-23:59", "must lie in the years 2000 to 2100"),
        ("1999-12-31T23:59:59Z", "must lie in the years 2000 to 2100"),
        ("17", "must lie in the years 2000 to 2100"),
        ("1_704_880_800_000", "is neither ISO 8601 nor milliseconds"),
        ("\uff11", "is neither ISO 8601 nor milliseconds"),
        ("\u00b2", "is neither ISO 8601 nor milliseconds"),
        ("5" * 5_000, "is neither ISO 8601 nor milliseconds"),
        ("2024-01-10T09:59:59Z", f"must not be before the last line, of {AT}, found 2024-01-10T09"),
    ],
)
def test_the_end_lies_behind_the_last_line_in_our_century(text: str, rule: str) -> None:
    said = refused(line(), "--until", text)

    assert "--until: " in said
    assert rule in said


def test_the_end_may_be_the_time_of_the_last_line() -> None:
    assert run(line(), "--until", AT).exit_code == 0


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"partition": True}, "partition: True is not one of 0 to 7"),
        ({"partition": 1.0}, "partition: 1.0 is not one of 0 to 7"),
        ({"partition": 8}, "partition: 8 is not one of 0 to 7"),
        ({"partition": "1"}, "partition: '1' is not one of 0 to 7"),
        ({"key": 5}, "key: must be a string, or null, found 5"),
        ({"key": {"a": 1}}, 'key: must be a string, or null, found {"a": 1}'),
        ({"timestamp": True}, "timestamp: True is neither ISO 8601 nor milliseconds"),
        ({"timestamp": None}, "timestamp: None is neither ISO 8601 nor milliseconds"),
        ({"timestamp": 1.5}, "timestamp: 1.5 is neither ISO 8601 nor milliseconds"),
        ({"timestamp": 10**30}, "timestamp: "),
        ({"timestamp": 0}, "timestamp: must lie in the years 2000 to 2100, found 0"),
        ({"timestamp": "2101-01-01T00:00:00Z"}, "timestamp: must lie in the years 2000 to 2100"),
        ({"topic": ["cdr.raw.v1"]}, "topic: ['cdr.raw.v1'], must be one of"),
        ({"topic": None}, "topic: None, must be one of"),
        ({"value_b64": "%"}, 'value_b64: must be base64, found "%"'),
        ({"value_b64": 5}, "value_b64: must be base64, found 5"),
    ],
)
def test_a_field_that_is_odd_is_named_with_its_line(
    changes: dict[str, Any], complaint: str
) -> None:
    assert f"<stdin>:2: {complaint}" in refused("\n" + line(**changes))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"[1]", "must be a JSON object, found "),
        (b"\xff", "not UTF-8 at byte 1"),
        (b"{", "not JSON: "),
        (b"\0", "not JSON: "),
        (b'{"topic":NaN}', "not JSON: "),
        (b'{"topic":"cdr.raw.v1","topic":"x"}', "topic: stands twice in one object"),
        (b'{"topic":"\\ud800"}', "not JSON: holds half a surrogate pair"),
        (b'{"value":' + b"[" * 5_000 + b"]" * 5_000 + b"}", "not JSON: nested too deeply"),
        (b'{"topic":"cdr.raw.v1"}', "timestamp: is missing"),
    ],
)
def test_a_line_that_is_no_record_is_named(text: bytes, complaint: str) -> None:
    assert f"<stdin>:1: {complaint}" in refused(text)


@pytest.mark.parametrize(
    "value", ['{"a":1,"a":2}', '{"a":1' + "0" * 5_000 + "}", "1e999", '{"a" : 1.0}']
)
def test_a_value_is_that_of_its_line_byte_for_byte(value: str) -> None:
    text = line().replace('"value": {}', f'"value": {value}')
    (dead,) = [
        json.loads(each)["value"]
        for each in run(text).stdout.splitlines()
        if json.loads(each)["topic"] == catalog.DEAD.name
    ]

    assert base64.b64decode(dead["value_b64"]).decode() == value


def test_what_topics_read_prints_of_bytes_that_are_no_text_is_taken() -> None:
    said = run(line(value=None, value_b64=base64.b64encode(b"\xff").decode(), offset=3))
    (dead,) = [json.loads(each) for each in said.stdout.splitlines() if "not_utf8" in each]

    assert dead["topic"] == catalog.DEAD.name
    (warned,) = said.stderr.splitlines()
    assert warned.startswith("warning: 1 dead letter on cdr.dead.v1: <stdin>:1: not_utf8: ")


def test_a_byte_order_mark_and_line_ends_of_other_machines_are_no_fault() -> None:
    said = run("\ufeff" + line().replace("\n", "\r\n") + "\r\n")

    # The one line is read, as far as an empty CDR can be.
    dead = "warning: 1 dead letter on cdr.dead.v1: <stdin>:1: missing_field: cdr_id: is missing\n"
    assert (said.exit_code, said.stderr) == (0, dead)
