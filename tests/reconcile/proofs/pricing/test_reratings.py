"""Reratings: an honest log of them is clean, at every cut, and each lie and each seeded fault about them is named."""

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from rater.batch.charging import rerating as batch
from rater.core.account import rerating
from tests.reconcile.honest_worker import DAY_MS, SHEET, START_MS, HonestWorker
from tests.reconcile.tampering import Topics, altered, differences, place_of
from topics.catalog import LEDGER
from topics.records import Charge

WHO = {"by": "ann@acme.example", "why": "the deck was wrong", "job_id": "j1"}


def entries_of(topics: Topics) -> list[dict[str, Any]]:
    return [json.loads(record.value or b"") for _, record in topics[LEDGER.name]]


def ask(worker: HonestWorker, tenant: str, cdr_id: str, job: str = "j1") -> None:
    """Ask to rate the last charge of a call again."""
    found = [
        (record.offset, entry)
        for _, record in worker.topics[LEDGER.name]
        if (entry := json.loads(record.value or b""))["kind"] == "charge"
        and (entry["tenant_id"], entry["cdr_id"]) == (tenant, cdr_id)
    ]
    offset, entry = found[-1]
    worker.command(
        tenant,
        "rerate_call",
        **{**WHO, "job_id": job},
        command_id=f"rerate/{job}/{entry['seq']}",
        cdr_id=cdr_id,
        version=entry.get("version", 1),
        entry_id=entry["entry_id"],
        offset=offset,
        seen_ms=worker.now_ms // DAY_MS * DAY_MS,
    )


def repriced(rate: str, version: int, worker: HonestWorker) -> None:
    """Publish a version of the deck in which every mobile in France costs so much, dated back."""
    lines = SHEET.read_text().splitlines()
    mended = [line.replace("3361,0.125", f"3361,{rate}") for line in lines]
    assert mended != lines
    worker.load_deck("acs", "\n".join(mended).encode() + b"\n", version, START_MS - DAY_MS)


def working(size: int = 7, **settings: Any) -> HonestWorker:
    """Return a worker of calls that are rated again: twice, after a correction, before one, long after, in vain."""
    worker = HonestWorker(**{"corrections": True, **settings})
    for tenant in ("acme", "gamma"):
        worker.command(tenant, "open_account", currency="USD", decks=["acs"])
        worker.fund(tenant, f"{tenant}-A", 3_000_000)
    worker.work(size)
    for number in range(9):
        worker.call("acme", f"c{number}", ended_ms=START_MS)
    worker.call("gamma", "g1", ended_ms=START_MS)
    worker.call("acme", "c1", version=2, kind="correction", billsec=120, ended_ms=START_MS)
    worker.work(size)
    worker.now_ms += 60_000
    repriced("0.150", 2, worker)
    for number in (0, 1, 2, 3, 4):
        ask(worker, "acme", f"c{number}")
    ask(worker, "gamma", "g1")
    worker.work(size)
    worker.call("acme", "c2", version=2, kind="correction", billsec=120, ended_ms=START_MS)
    worker.call("acme", "c3", version=2, kind="void", ended_ms=START_MS)
    worker.call("acme", "c4", ended_ms=START_MS)
    worker.work(size)
    for cdr_id in ("c0", "c2", "c3"):
        ask(worker, "acme", cdr_id)
    ask(worker, "acme", "c2", "other")
    worker.work(size)
    repriced("0.100", 3, worker)
    for cdr_id in ("c0", "c1"):
        ask(worker, "acme", cdr_id, "second")
    worker.work(size)
    worker.pass_time(40 * DAY_MS)
    worker.call("acme", "tick")
    worker.work(size)
    for cdr_id in ("c5", "c0", "c5"):
        ask(worker, "acme", cdr_id, "late")
    worker.work(size)
    worker.flush()
    return worker


@cache
def topics_of() -> Topics:
    return dict(working().topics)


def entry(**fields: Any) -> int:
    return place_of(topics_of(), LEDGER.name, lambda value: fields.items() <= value.items(), 0)


def again(cdr_id: str = "c0", generation: int = 1) -> int:
    return entry(kind="charge", cdr_id=cdr_id, generation=generation)


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_an_honest_log_of_calls_that_are_rated_again_is_clean(size: int) -> None:
    assert differences(dict(working(size).topics)) == []


def test_an_honest_log_with_hidden_digits_is_clean() -> None:
    assert differences(dict(working(masks=[{"prefix": "", "digits": 3}]).topics)) == []


def test_the_log_has_everything_in_it() -> None:
    """Method: what these tests prove is worth as much as the log they start from."""
    entries = entries_of(topics_of())
    posted = [
        (e["cdr_id"], e.get("version", 1), e["generation"], e["job_id"])
        for e in entries
        if e.get("generation")
    ]
    refused = Counter(e["reason"] for e in entries if e["kind"] == "command_rejected")

    assert posted == [
        *(("c0", 1, 1, "j1"), ("c1", 2, 1, "j1"), ("c2", 1, 1, "j1"), ("c3", 1, 1, "j1")),
        *(("c4", 1, 1, "j1"), ("g1", 1, 1, "j1")),
        *(("c0", 1, 2, "second"), ("c1", 2, 2, "second"), ("c5", 1, 1, "late")),
    ]
    assert set(refused) == {"not_standing"}


@pytest.mark.parametrize(
    ("lie", "field"),
    [
        ({"generation": 2}, "generation"),
        ({"generation": 0}, "source_topic"),
        ({"job_id": "j9"}, "job_id"),
        ({"reverses": "acme/99"}, "reverses"),
        ({"cdr_id": "c8"}, "cdr_id"),
        ({"version": 2}, "version"),
        ({"call.duration_s": 62}, "duration_s"),
        ({"call.user_id": "bob"}, "user_id"),
        ({"deck_version": 1}, "lines"),
        ({"charge_micros": 1}, "charge_micros"),
        ({"source_topic": "cdr.raw.v1"}, "source_topic"),
        ({"at_ms": START_MS + 1}, "at_ms"),
    ],
)
def test_a_lie_about_what_was_posted_is_named(lie: dict[str, Any], field: str) -> None:
    found = differences(altered(topics_of(), LEDGER.name, again(), lie))

    assert any(field in one.field for one in found), found


@pytest.mark.parametrize(
    ("lie", "field"),
    [
        ({"by": "correction"}, "source_topic"),
        ({"by": "void"}, "source_topic"),
        ({"by_version": 2}, "by_version"),
        ({"job_id": "j9"}, "job_id"),
        ({"actor": "bob"}, "actor"),
        ({"why": "because"}, "why"),
        ({"reverses": "acme/99"}, "reverses"),
        ({"reversed_micros": 1}, "reversed_micros"),
    ],
)
def test_a_lie_about_what_was_taken_back_is_named(lie: dict[str, Any], field: str) -> None:
    back = entry(kind="charge_reversed", cdr_id="c0", job_id="j1")
    found = differences(altered(topics_of(), LEDGER.name, back, lie))

    assert any(field in one.field for one in found), found


def test_a_job_on_what_no_job_did_is_named() -> None:
    back = entry(kind="charge_reversed", by="correction", cdr_id="c1")
    found = differences(altered(topics_of(), LEDGER.name, back, {"actor": "bob"}))

    assert ("reratings", "job_id, actor, why") in {(one.proof, one.field) for one in found}


def test_a_worker_that_posts_what_does_not_differ_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rerating, "_is_as", lambda *_: False)
    worker = HonestWorker(corrections=True)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.call("acme", "c0", ended_ms=START_MS)
    worker.work()
    ask(worker, "acme", "c0")
    worker.work()

    found = {(one.proof, one.field) for one in differences(dict(worker.topics))}
    assert ("reratings", "charge_micros, draws") in found


def test_a_worker_that_takes_a_charge_back_twice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "not_standing", lambda *_: None)
    monkeypatch.setattr(batch.ReratingBatch, "_move", lambda self, order, posted, first: None)
    worker = HonestWorker(corrections=True)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.call("acme", "c0", ended_ms=START_MS)
    worker.work()
    repriced("0.150", 2, worker)
    ask(worker, "acme", "c0")
    worker.work()
    first = next(e for e in entries_of(dict(worker.topics)) if e["kind"] == "charge")
    worker.command(
        "acme",
        "rerate_call",
        **{**WHO, "job_id": "j2"},
        command_id="rerate/j2",
        cdr_id="c0",
        version=1,
        entry_id=first["entry_id"],
        offset=1,
        seen_ms=0,
    )
    worker.work()

    fields = {one.proof for one in differences(dict(worker.topics))}
    assert "corrections" in fields


def test_a_worker_that_forgets_the_job_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetting(entry: Any, **changes: Any) -> Any:
        if isinstance(entry, Charge):
            changes.pop("job_id", None)
        return replace(entry, **changes)

    monkeypatch.setattr(rerating, "replace", forgetting)

    assert {one.field for one in differences(dict(working().topics))} >= {"job_id"}


@pytest.mark.parametrize("between", ["another job", "a correction"])
def test_a_job_begun_again_after_others_rates_again_what_these_have_left(between: str) -> None:
    worker = HonestWorker(corrections=True)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.call("acme", "c0", ended_ms=START_MS)
    worker.work()
    repriced("0.100", 2, worker)
    ask(worker, "acme", "c0")
    worker.work()
    if between == "another job":
        repriced("0.110", 3, worker)
        ask(worker, "acme", "c0", "j2")
    else:
        worker.call("acme", "c0", version=2, kind="correction", billsec=120, ended_ms=START_MS)
    worker.work()
    repriced("0.130", 4, worker)
    ask(worker, "acme", "c0")
    worker.work()

    assert entries_of(dict(worker.topics))[-1]["job_id"] == "j1"
    assert differences(dict(worker.topics)) == []
