"""Demands: dead letters speak as `rater produce` does: what a field must be, and what was found."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from rater.shell.admin.validation import Problem, RecordCheck, decode
from rater.wire.account.commands import decode_command
from rater.wire.cdrs import decode_cdr
from rater.wire.demands import demand
from rater.wire.malformed import Malformed, undecodable
from rater.wire.pattern_words import in_words
from rater.wire.recharge.commands import decode_recharge_command, decode_recharge_timer
from rater.wire.recharge.payment_results import decode_result
from tests.build import cdr_bytes
from topics.catalog import (
    ACCOUNT_SOURCES,
    CATALOG,
    CDR_RAW,
    PAYMENT_RESULTS,
    RECHARGE_COMMANDS,
    RECHARGE_TIMERS,
    Topic,
)
from topics.fields import MOMENT_PATTERN, Currency, Email
from topics.schema import topic_schema

EXAMPLES = Path(__file__).parents[2] / "topics" / "examples"
DECODERS: dict[str, tuple[Topic, Callable[[bytes], object]]] = {
    CDR_RAW.name: (CDR_RAW, decode_cdr),
    **{topic.name: (topic, decode_command) for topic in ACCOUNT_SOURCES},
    RECHARGE_COMMANDS.name: (RECHARGE_COMMANDS, decode_recharge_command),
    RECHARGE_TIMERS.name: (RECHARGE_TIMERS, decode_recharge_timer),
    PAYMENT_RESULTS.name: (PAYMENT_RESULTS, decode_result),
}


def invalid() -> Iterator[tuple[str, bytes]]:
    for name in DECODERS:
        for line in (EXAMPLES / f"{name}.invalid.jsonl").read_bytes().splitlines():
            yield name, json.dumps(json.loads(line)["record"]).encode()


@pytest.mark.parametrize(("name", "line"), list(invalid()))
def test_a_dead_letter_says_what_rater_send_says(name: str, line: bytes) -> None:
    topic, read = DECODERS[name]
    record = decode(line)
    problems = [record] if isinstance(record, Problem) else RecordCheck(topic).problems(record)
    found = read(line)

    assert isinstance(found, Malformed)
    assert (found.field or "") in [problem.field for problem in problems]
    # A reader may read what several topics carry, and asks for a time before it asks for a text.
    if found.field not in {"type", "started_at"}:
        said = f"{found.field}: {found.detail}" if found.field else found.detail
        assert in_order(said) in [in_order(str(problem)) for problem in problems]


def in_order(said: str) -> str:
    """Return a sentence with the values that may be in one order: msgspec sorts them."""
    head, one_of, rest = said.partition("must be one of ")
    values, found, value = rest.partition(", found ")
    return head + one_of + ", ".join(sorted(values.split(", "))) + found + value


class Lot(msgspec.Struct, forbid_unknown_fields=True):
    size: Annotated[int, Meta(ge=1)]


class Open(msgspec.Struct, tag_field="type", tag="open"):
    number: Annotated[int, Meta(ge=0, le=5)] | None = None
    kind: Literal["final", "void"] = "final"
    mode: Annotated[Literal["fixed", "gap"], Meta(description="How.")] = "fixed"
    name: Annotated[str, Meta(min_length=2, max_length=3, pattern=r"^[A-Z]+\Z")] | None = None
    currency: Currency = "USD"
    email: Email | None = None
    items: Annotated[tuple[Lot, ...], Meta(min_length=1, max_length=2)] = (Lot(1),)
    flag: bool = False


class Close(msgspec.Struct, tag_field="type", tag="close"):
    lot: Lot


WANTED = Open | Close


@pytest.mark.parametrize(
    ("record", "field", "said"),
    [
        ({"type": "shut"}, "type", 'must be one of open, close, found "shut"'),
        ({"type": 5}, "type", "must be a string, found 5"),
        ({}, "type", "is missing"),
        ([], None, "must be an object, found []"),
        ({"type": "open", "number": -1}, "number", "must be at least 0, found -1"),
        ({"type": "open", "number": 6}, "number", "must be at most 5, found 6"),
        ({"type": "open", "number": "6"}, "number", 'must be an integer, found "6"'),
        ({"type": "open", "number": 1.5}, "number", "must be an integer, found 1.5"),
        ({"type": "open", "kind": "x"}, "kind", 'must be one of final, void, found "x"'),
        ({"type": "open", "mode": "x"}, "mode", 'must be one of fixed, gap, found "x"'),
        ({"type": "open", "kind": 1}, "kind", "must be a string, found 1"),
        ({"type": "open", "name": "A"}, "name", 'must have at least 2 characters, found "A"'),
        ({"type": "open", "name": "ABCD"}, "name", 'must have at most 3 characters, found "ABCD"'),
        ({"type": "open", "name": "ab"}, "name", 'must match ^[A-Z]+$, found "ab"'),
        (
            {"type": "open", "currency": "usd"},
            "currency",
            'must be three capital letters, as in USD, found "usd"',
        ),
        (
            {"type": "open", "email": "ann"},
            "email",
            (
                "must be an e-mail address, as in ann@acme.example, of letters, digits and signs but ?, "
                'found "ann"'
            ),
        ),
        ({"type": "open", "items": []}, "items", "must not be empty, found []"),
        ({"type": "open", "items": [{"size": 0}]}, "items[0].size", "must be at least 1, found 0"),
        ({"type": "open", "items": [{}]}, "items[0].size", "is missing"),
        ({"type": "open", "flag": "yes"}, "flag", 'must be a boolean, found "yes"'),
        (
            {"type": "close", "lot": {"sise": 1}},
            "lot.sise",
            "is not a known field (did you mean size?)",
        ),
        ({"type": "open", "items": [{"x": 1}]}, "items[0].x", "is not a known field"),
        ({"type": "close", "lot": {}}, "lot.size", "is missing"),
        ({"type": "close", "lot": None}, "lot", "must be an object, found null"),
    ],
)
def test_every_complaint_of_msgspec_has_our_words(
    record: Any, field: str | None, said: str
) -> None:
    value = json.dumps(record).encode()

    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.json.decode(value, type=WANTED)
    found = undecodable(value, error.value, WANTED)

    assert (found.field, found.detail) == (field, said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Invalid enum value 'x' - at `$.kind`", "must be a value that is known"),
        ("Something that msgspec does not say yet", "Something that msgspec does not say yet"),
    ],
)
def test_what_is_not_known_is_said_as_it_is(text: str, said: str) -> None:
    assert demand(text, None, {}) == said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"to": "+"}, 'must be an E.164 number with \\+, .*, found "\\+"'),
        ({"usage_country": "es"}, 'must be two capital letters, as in DE, found "es"'),
        ({"cdr_id": "a b"}, 'must be printable ASCII without blanks, found "a b"'),
        ({"tenant_id": "a/b"}, 'must be letters, digits and . _ : @ - only, found "a/b"'),
        ({"started_at": "1999-01-01T00:00:00Z"}, "must be an RFC 3339 date-time .*, found .*1999"),
        ({"ended_at": "2020-01-01T00:00:00Z"}, "must not be before what precedes it, found start"),
    ],
)
def test_what_we_check_ourselves_is_said_in_the_same_way(change: Any, said: str) -> None:
    found = decode_cdr(cdr_bytes(**change))

    assert isinstance(found, Malformed)
    assert re.match(said, found.detail), found.detail


def patterns(said: Any) -> Iterator[str]:
    if isinstance(said, list):
        for each in said:
            yield from patterns(each)
    elif isinstance(said, dict):
        for name, each in said.items():
            if name == "pattern" and isinstance(each, str):
                yield each
            else:
                yield from patterns(each)


@pytest.mark.parametrize(
    "topic", [each for each in CATALOG if each.records], ids=lambda topic: topic.name
)
def test_every_pattern_has_words(topic: Topic) -> None:
    for pattern in set(patterns(topic_schema(topic))) - {MOMENT_PATTERN}:
        assert not in_words(pattern).startswith("must match"), pattern
