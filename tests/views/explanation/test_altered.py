"""Any one field of a charge that is altered is named, by itself or by what it leads to; and what is not, with why."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import pytest

from rater.views.explanation.differences import fields_of
from rater.views.explanation.evidence import Posted
from tests.test_scenarios import STORIES
from tests.views.explanation.test_stories import heard
from tests.views.explanation.walk import Step, Walk
from topics.records import Charge, ChargedCall, ChargeLine, ChargeReversed, Draw, Lot, Span, Waited

Path = tuple[str, ...]

SAMPLES: dict[str, Any] = {
    "outcome": "free", "reason": "emergency", "version": 9, "grace_s": 7, "deck_id": "other",
    "deck_version": 9, "prefix": "99", "destination": "Nowhere", "late_after_expiry": True,
    "reverses": "acme/1", "plan_version": 9, "entitlement_seq": 9, "generation": 2, "job_id": "j9",
    "settings_version": 9, "direction": "in", "disposition": "busy", "call_type": "conf_out",
    "service_number_type": "toll_free", "usage_country": "DE", "user_id": "somebody",
    "organizer_id": "somebody", "routing_number": "+4930123456", "from": "+4930123456",
    "to": "+4930123457", "source_topic": "account.requests.v1", "currency": "EUR",
    "tenant_id": "other", "cdr_id": "other", "entry_id": "acme/99", "by": "nobody", "why": "no",
    "suspense_id": "cdr.raw.v1/1/9", "source": "shortfall", "id": "X9", "quantity": 7,
    "grace": True, "purchased_ms": 5, "expires_ms": 6, "category": "promotional", "kind": "surcharge",
    "rate_nanos": 7, "per": 7, "per_s": 7, "by_version": 9, "lot_id": "X9", "amount_micros": 7,
    "started_ms": 5, "overdraft_paid_micros": 7,
}  # fmt: skip
"""What a field is set to that is not there, or that is a word."""

WAITED = {"reason": "too_old"}


def paths(record: type[msgspec.Struct], under: Path) -> Iterator[Path]:
    for name in record.__struct_encode_fields__:
        yield (*under, name)


ALL: dict[type, list[Path]] = {
    Charge: [
        *paths(Charge, ()),
        *paths(ChargedCall, ("call",)),
        *paths(ChargeLine, ("lines", "0")),
        *paths(Span, ("lines", "0", "spans", "0")),
        *paths(Draw, ("draws", "0")),
        *paths(Waited, ("waited",)),
    ],
    ChargeReversed: [
        *paths(ChargeReversed, ()),
        *paths(Draw, ("returns", "0")),
        *paths(Lot, ("lot",)),
    ],
}
WITHIN = {"call", "lines", "draws", "waited", "spans", "returns", "lot"}
"""Records within records: each field of theirs is altered by itself."""

INPUTS = {
    **dict.fromkeys(
        ["at_ms", "by_version", "source_topic", "source_partition", "source_offset", "version"],
        "the record names it",
    ),
    "job_id": "of a release its command says it",
    **dict.fromkeys(["actor", "why"], "of a re-rating its command says it"),
    **{f"call.{name}": "the CDR says it" for name in ChargedCall.__struct_encode_fields__},
}
"""Fields that nothing but the CDR's record says: once its topic keeps it no more, they are held against nothing."""


@cache
def all_steps() -> list[tuple[Any, ...]]:
    """Return, once, what is needed to find a step again: its story, and which of it."""
    found = []
    for path in STORIES:
        for number, step in enumerate(Walk(heard(path)).steps()):
            for at, posted in enumerate(step.group):
                if type(posted.entry) in ALL:
                    found.append((path, number, at, type(posted.entry), fields_of(posted.entry)))
    return found


def has(fields: Any, path: Path) -> bool:
    for name in path:
        if isinstance(fields, (list, tuple)):
            if int(name) >= len(fields):
                return False
            fields = fields[int(name)]
        elif name in fields:
            fields = fields[name]
        else:
            return False
    return True


def chosen(record: type, path: Path) -> tuple[Any, ...]:
    """Return an entry that has the field, or, where none has, one that has what it would stand in."""
    those = [each for each in all_steps() if each[3] is record]
    for wanted in (path, path[:-1]):
        for each in those:
            if has(each[4], wanted):
                return each
    raise AssertionError(f"no story has {path}")


def altered(fields: Any, path: Path) -> Any:
    """Return fields with one of them set to something else that could stand there."""
    name, below = path[0], path[1:]
    if isinstance(fields, (list, tuple)):
        number = int(name)
        return [altered(each, below) if n == number else each for n, each in enumerate(fields)]
    if below:
        return {**fields, name: altered(fields[name], below)}
    return {**fields, name: another(name, fields)}


def another(name: str, fields: dict[str, Any]) -> Any:
    value = fields.get(name)
    if name == "reason" and "suspense_id" in fields:
        return WAITED["reason"] if value != "too_old" else "no_rate"
    if name == "by" and "by_version" in fields:
        return "void" if value == "correction" else "correction"
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if name in SAMPLES and SAMPLES[name] != value:
        return SAMPLES[name]
    # What is the sample already is left out, or is the other word.
    swapped = {
        "outcome": "rated",
        "direction": "out",
        "disposition": "answered",
        "source": "lot",
        "kind": "usage",
        "category": None,
    }
    return swapped.get(name, f"{value}9")


def step_of(found: tuple[Any, ...]) -> Step:
    path, wanted, *_ = found
    for number, step in enumerate(Walk(heard(path)).steps()):
        if number == wanted:
            return step
    raise AssertionError(found)


def with_altered(found: tuple[Any, ...], path: Path, *, gone: bool) -> Any:
    _, _, at, record, fields = found
    step = step_of(found)
    entry = msgspec.convert({**altered(fields, path), "kind": fields["kind"]}, type=record)
    assert entry != step.group[at].entry
    group = [
        Posted(each.offset, each.at_ms, entry) if n == at else each
        for n, each in enumerate(step.group)
    ]
    # A group is what has one source: what names another is a group of its own.
    if path[0].startswith("source_"):
        group = [group[at]]
    return step.told(group, gone=gone)


CASES = [
    pytest.param(record, path, id=f"{record.__name__}.{'.'.join(path)}")
    for record, those in ALL.items()
    for path in those
    if path[-1] not in WITHIN
]


@pytest.mark.parametrize(("record", "path"), CASES)
def test_a_field_that_is_altered_is_found(record: type, path: Path) -> None:
    told = with_altered(chosen(record, path), path, gone=False)

    assert told.differences, path


@pytest.mark.parametrize(("record", "path"), CASES)
def test_so_it_is_without_the_record_or_it_is_said_that_it_is_held_against_nothing(
    record: type, path: Path
) -> None:
    told = with_altered(chosen(record, path), path, gone=True)
    name = ".".join(path)

    if not told.differences:
        assert name in INPUTS or path[0] == "waited", f"{name} is held against nothing"
        assert path[0] in {each.field for each in told.unheld}
