"""Calls charged by an operator's word: an honest log of them is clean, and whatever is charged twice is named."""

import json
from functools import cache
from typing import Any

import pytest

from rater.batch.charging import recycling
from rater.batch.charging.open_suspense import read_open
from tests.reconcile.honest_worker import DAY_MS, START_MS, HonestWorker
from tests.reconcile.tampering import Topics, altered, differences, place_of
from topics.catalog import LEDGER, SUSPENSE, SUSPENSE_CHANGELOG

TABLE = SUSPENSE_CHANGELOG.name
OLD_MS = START_MS - 30 * DAY_MS
AHEAD_MS = START_MS + 3 * DAY_MS
NOWHERE = "+999123456"


def say(worker: HonestWorker, cdr_id: str, job: str = "j1", **fields: Any) -> None:
    """Give a word for a call that waits; the ledger was read a minute ago."""
    shard = worker.shards[worker.of("acme")]
    value = shard.suspense.get(f"acme/{cdr_id}".encode())
    assert value is not None, cdr_id
    row = read_open(value)
    place = f"cdr.raw.v1/{row.source_partition}/{row.source_offset}"
    named = {"cdr_id": cdr_id, "version": row.version, "suspense_id": place, "job_id": job}
    who = {"by": "ann@acme.example", "why": "late", "seen_ms": worker.now_ms - 60_000}
    worker.command(
        "acme", "release_call", command_id=f"release/{job}/{cdr_id}", **named, **who | fields
    )


def working(size: int = 7) -> HonestWorker:
    """Return a worker of calls that are too old or come from the future: charged, refused, dropped, come again."""
    worker = HonestWorker(corrections=True)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 3_000_000)
    worker.work(size)
    for cdr_id in ("o0", "o1", "o2"):
        worker.call("acme", cdr_id, ended_ms=OLD_MS)
    worker.call("acme", "o3", to=NOWHERE, ended_ms=OLD_MS)
    worker.call("acme", "o4", version=2, kind="correction", ended_ms=OLD_MS)
    for cdr_id in ("f0", "f1"):
        worker.call("acme", cdr_id, ended_ms=AHEAD_MS)
    worker.call("acme", "f2", to=NOWHERE, ended_ms=AHEAD_MS)
    worker.work(size)
    for cdr_id in ("o0", "o3", "o4", "f0"):
        say(worker, cdr_id)
    say(worker, "o1", seen_ms=OLD_MS)
    worker.work(size)
    worker.call("acme", "o0", ended_ms=OLD_MS)
    worker.call("acme", "o4", ended_ms=OLD_MS)
    worker.work(size)
    worker.pass_time(AHEAD_MS - worker.now_ms)
    say(worker, "f0", "j2")
    worker.call("acme", "f1", ended_ms=AHEAD_MS)
    worker.call("acme", "f2", to=NOWHERE, ended_ms=AHEAD_MS)
    worker.work(size)
    say(worker, "f1", "j2")
    worker.work(size)
    worker.pass_time(20 * DAY_MS)
    worker.call("acme", "o0", ended_ms=OLD_MS)
    worker.call("acme", "f2", to=NOWHERE, ended_ms=AHEAD_MS)
    worker.call("acme", "o1", version=2, kind="correction", ended_ms=OLD_MS)
    worker.work(size)
    worker.flush()
    return worker


@cache
def topics_of() -> Topics:
    return dict(working().topics)


def entries(topics: Topics) -> list[dict[str, Any]]:
    return [json.loads(record.value or b"") for _, record in topics[LEDGER.name]]


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_an_honest_log_is_clean(size: int) -> None:
    assert differences(dict(working(size).topics)) == []


def test_the_log_has_everything_in_it() -> None:
    """Method: what these tests prove is worth as much as the log they start from."""
    found = entries(topics_of())
    charged = {e["cdr_id"] for e in found if e["kind"] == "charge" and e.get("waited")}
    refused = sorted(e["waits"]["cdr_id"] for e in found if e.get("waits"))
    last = {record.key: record.value for _, record in topics_of()[TABLE]}

    assert charged == {"o0", "o4", "f0"}
    assert refused == ["f0", "f1", "o1", "o3"]
    assert {key for key, value in last.items() if value} == {
        *(b"acme/o0", b"acme/o1", b"acme/o2", b"acme/o3", b"acme/f1", b"acme/f2"),
    }


def place(cdr_id: str) -> int:
    def is_it(value: dict[str, Any]) -> bool:
        return value["kind"] == "charge" and value["cdr_id"] == cdr_id and "waited" in value

    return place_of(topics_of(), LEDGER.name, is_it, 0)


@pytest.mark.parametrize(
    "lie",
    [{"waited.reason": "in_future"}, {"waited.by": "bob"}, {"waited.why": "no"}, {"version": 2}],
)
def test_a_lie_about_a_charge_is_named(lie: dict[str, Any]) -> None:
    assert differences(altered(topics_of(), LEDGER.name, place("o0"), lie))


def test_a_lie_about_what_is_kept_is_named() -> None:
    def is_it(value: dict[str, Any]) -> bool:
        return bool(value["cdr_id"] == "o2")

    index = place_of(topics_of(), SUSPENSE.name, is_it, 0)
    found = differences(altered(topics_of(), SUSPENSE.name, index, {"kept": False}))
    assert {"open suspense"} == {one.proof for one in found}


def test_a_call_that_is_charged_twice_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if charging asked nobody, and an operator had not, either."""
    monkeypatch.setattr(recycling, "why_not", lambda *_: None)
    worker = HonestWorker(corrections=True)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 3_000_000)
    worker.call("acme", "c1", ended_ms=AHEAD_MS)
    worker.work()
    worker.pass_time(AHEAD_MS - worker.now_ms)
    worker.call("acme", "c1", ended_ms=AHEAD_MS)
    worker.work()
    say(worker, "c1")
    worker.work()

    assert len([e for e in entries(dict(worker.topics)) if e["kind"] == "charge"]) == 2
    assert "open suspense" in {one.proof for one in differences(dict(worker.topics))}


def test_a_charge_without_a_word_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recycling, "why_not", lambda *_: None)
    worker = HonestWorker(corrections=True)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.call("acme", "c1", ended_ms=OLD_MS)
    worker.work()
    say(worker, "c1", seen_ms=None)
    worker.work()

    assert "whether seen_ms" in {one.field for one in differences(dict(worker.topics))}
