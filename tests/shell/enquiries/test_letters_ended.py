"""Ends of dead letters that a call's answer is about: of its letters, and of what was written again in its place."""

import asyncio
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from rater.cli.explain_shown import shown
from rater.shell.enquiries.letters_ended import ended_lately
from rater.views.explanation.explanation import Explanation
from tests.views.test_entries import EXAMPLES
from topics.catalog import DEAD_ENDED
from topics.records import Dead, DeadEnded, Suspended

AT_MS = 1_772_359_267_000
PARTITIONS = 3


def end(offset: int, sent_offset: int | None = None, **fields: Any) -> DeadEnded:
    said: dict[str, Any] = {
        "dead_id": f"cdr.raw.v1/1/{offset}",
        "outcome": "dropped" if sent_offset is None else "replayed",
        "reason": "not_json",
        "letter_at_ms": AT_MS,
        "dead_topic": "cdr.dead.v1",
        "dead_partition": 1,
        "dead_offset": offset,
        "at_ms": AT_MS + offset,
        "job_id": "j1",
        "by": "ann",
        "why": "half a record",
        "sent_partition": None if sent_offset is None else 2,
        "sent_offset": sent_offset,
    }
    return DeadEnded(**(said | fields))


class Kept:
    """What a log holds of one partition; the others are empty."""

    def __init__(self, *values: bytes) -> None:
        self.values = values

    async def look(self, places: list[tuple[str, int]]) -> None:
        assert places == [(DEAD_ENDED.name, each) for each in range(PARTITIONS)]

    async def bounds(self, _topic: str, partition: int) -> tuple[int, int]:
        return 0, len(self.values) if partition == 1 else 0

    async def between(self, _topic: str, _partition: int, first: int, last: int) -> list[Any]:
        return [SimpleNamespace(value=each) for each in self.values[max(first, 0) : last]]


def answer() -> Explanation:
    found = Explanation("acme", "c1", "the charge index")
    found.dead.append(Dead("cdr.raw.v1/1/5", "not_json", "-", AT_MS, "cdr.raw.v1", 1, 5))
    kept = msgspec.structs.replace(
        SUSPENDED, tenant_id="acme", cdr_id="c1", source_topic="cdr.raw.v1", source_partition=2, source_offset=40
    )  # fmt: skip
    found.suspended.append(kept)
    return found


def suspended() -> Suspended:
    lines = (EXAMPLES.parent / "cdr.suspense.v1.valid.jsonl").read_bytes().splitlines()
    return msgspec.json.decode(lines[0], type=Suspended)


SUSPENDED = suspended()


@pytest.mark.parametrize(
    ("said", "is_meant"),
    [
        (end(5), True),
        (end(6), False),
        (end(5, letter_at_ms=AT_MS - 1), False),
        (end(6, 40), True),
        (end(6, 41), False),
        (end(6, 40, sent_partition=1), False),
        (end(40, dead_id="cdr.raw.v1/2/40", letter_at_ms=SUSPENDED.at_ms), True),
    ],
)
def test_only_ends_of_the_call_are_meant(said: DeadEnded, *, is_meant: bool) -> None:
    log: Any = Kept(b"{", msgspec.json.encode(said))
    found = asyncio.run(ended_lately(log, PARTITIONS, answer(), 10))

    assert found == ([said] if is_meant else [])


def test_who_ended_a_letter_and_why_is_told() -> None:
    found = answer()
    found.ended = [end(6, 40)]

    (line,) = [each for each in shown(found) if "replayed" in each]
    assert line.endswith(
        "dead letter replayed not_json (cdr.raw.v1/1/6, written again at 2/40) [asked by ann, job j1: half a record]"
    )


def test_who_chose_a_content_and_why_is_told() -> None:
    found = answer()
    found.ended = [end(40, 41, dead_topic="cdr.suspense.v1", reason="conflict", why="it says so")]

    (line,) = [each for each in shown(found) if "replayed" in each]
    assert "suspended record replayed conflict (" in line
    assert line.endswith("[asked by ann, job j1: it says so]")
