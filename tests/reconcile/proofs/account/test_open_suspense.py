"""Open suspense: what waits, what was freed and the table are held against one another, and each lie is named."""

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.batch.charging.open_suspense import SuspenseBatch
from rater.core.account import freecall
from tests.reconcile.honest_worker import DAY_MS, START_MS, HonestWorker
from tests.reconcile.tampering import Topics, altered, differences, place_of, replaced
from tests.test_properties import FEW
from topics.catalog import LEDGER, SUSPENSE, SUSPENSE_CHANGELOG

TABLE = SUSPENSE_CHANGELOG.name
NOWHERE = "+999123456"


def correct(worker: HonestWorker, cdr_id: str, version: int = 2, **fields: Any) -> None:
    fields = {"ended_ms": START_MS, "kind": "correction", **fields}
    worker.call("acme", cdr_id, version=version, **fields)


def working(size: int = 7, **settings: Any) -> HonestWorker:
    """Return a worker of a tenant whose calls wait, are corrected, voided, and freed after three days."""
    worker = HonestWorker(**{"corrections": True, "freecall_after_days": 3, **settings})
    for tenant in ("acme", "gamma"):
        worker.command(tenant, "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 3_000_000)
    worker.work(size)
    for number in range(9):
        worker.call("acme", f"w{number}", to=NOWHERE, ended_ms=START_MS)
    worker.call("gamma", "w0", to="+1001", ended_ms=START_MS)
    worker.call("acme", "paid", ended_ms=START_MS)
    correct(worker, "paid", to=NOWHERE)
    correct(worker, "w0")
    correct(worker, "w1", kind="void")
    correct(worker, "w2", to=NOWHERE)
    correct(worker, "early", to=NOWHERE)
    worker.call("acme", "early", ended_ms=START_MS)
    worker.call("acme", "w3", to=NOWHERE, ended_ms=START_MS)
    worker.work(size)
    worker.now_ms += DAY_MS
    correct(worker, "w4", to=NOWHERE)
    worker.work(size)
    worker.pass_time(2 * DAY_MS)
    worker.call("acme", "w5", to=NOWHERE, ended_ms=START_MS)
    correct(worker, "w6")
    correct(worker, "w7", to=NOWHERE)
    worker.work(size)
    worker.pass_time(DAY_MS)
    worker.flush()
    return worker


@cache
def topics_of() -> Topics:
    return dict(working().topics)


def place(topic: str, which: int = 0, **fields: Any) -> int:
    def is_it(value: dict[str, Any]) -> bool:
        return fields.items() <= value.items()

    return place_of(topics_of(), topic, is_it, which)


@pytest.mark.parametrize("size", [1, 3, 7, 1_000])
def test_an_honest_log_of_calls_that_wait_is_clean(size: int) -> None:
    assert differences(dict(working(size).topics)) == []


def test_the_log_has_everything_in_it() -> None:
    """Method: what these tests prove is worth as much as the days they start from."""
    entries = [json.loads(record.value or b"") for _, record in topics_of()[LEDGER.name]]
    reasons = Counter(entry.get("reason") for entry in entries)
    freed = {(e["tenant_id"], e["cdr_id"], e.get("version", 1)) for e in entries if e.get("waited")}
    last = {record.key: record.value for _, record in topics_of()[TABLE]}

    assert (reasons["freecall"], reasons["voided"]) == (8, 1)
    assert {("acme", "w2", 2), ("acme", "w4", 2), ("gamma", "w0", 1)} < freed
    assert {key for key, value in last.items() if value} == {
        b"acme/paid",
        b"acme/early",
        b"acme/w7",
    }


def test_an_honest_log_with_hidden_digits_is_clean() -> None:
    worker = working(masks=[{"prefix": "", "digits": 3}])

    assert differences(dict(worker.topics)) == []


def test_an_honest_log_without_a_number_of_days_frees_nothing() -> None:
    topics = dict(working(freecall_after_days=0).topics)

    assert differences(topics) == []
    assert not any(b"freecall" in (record.value or b"") for _, record in topics[LEDGER.name])


@pytest.mark.parametrize(
    ("lie", "field"),
    [
        ({"settings_version": 0}, "settings_version"),
        ({"waited.reason": "denied"}, "waited"),
        ({"waited.at_ms": START_MS - 1}, "waited"),
        ({"waited.at_ms": START_MS + DAY_MS}, "at_ms"),
        ({"waited.suspense_id": "cdr.raw.v1/0/999"}, "waited"),
        ({"waited": None}, "source_topic"),
        ({"reason": "inbound"}, "waited"),
        ({"cdr_id": "w8"}, "waited"),
        ({"cdr_id": "w8"}, "cdr_id"),
        ({"version": 3}, "version"),
        ({"call.duration_s": 1}, "duration_s"),
        ({"call.direction": "in"}, "direction"),
        ({"call.to": "+999123457"}, "to"),
        ({"source_topic": "cdr.raw.v1"}, "source_topic"),
        ({"at_ms": START_MS + 1}, "at_ms"),
    ],
)
def test_a_lie_about_what_was_freed_is_named(lie: dict[str, Any], field: str) -> None:
    index = place(LEDGER.name, cdr_id="w3", reason="freecall")
    said = {k: v for k, v in lie.items() if v is not None}
    topics = altered(topics_of(), LEDGER.name, index, said)
    if None in lie.values():
        partition, record = topics[LEDGER.name][index]
        value = json.loads(record.value or b"")
        del value["waited"]
        shown = record.replaced(value=json.dumps(value).encode())
        topics = replaced(topics, LEDGER.name, index, [(partition, shown)])

    assert field in {one.field for one in differences(topics)}


@pytest.mark.parametrize(("cdr_id", "kept"), [("w3", False), ("w2", False), ("w4", False)])
def test_a_lie_about_what_is_kept_is_named(cdr_id: str, kept: bool) -> None:  # noqa: FBT001
    index = place(SUSPENSE.name, cdr_id=cdr_id)
    found = differences(altered(topics_of(), SUSPENSE.name, index, {"kept": kept}))

    assert {"open suspense"} == {one.proof for one in found}


def rows(cdr_id: str) -> int:
    return place(TABLE, -1, cdr_id=cdr_id)


@pytest.mark.parametrize(
    "lie",
    [
        {"version": 1},
        {"at_ms": START_MS - 1},
        {"source_offset": 1},
        {"reason": "denied"},
        {"charged": False},
        {"cdr": "{}"},
        {"cdr_id": "w1"},
        {"tenant_id": "bolt"},
        {"layout": 2},
        *(None, b"", b"{", b"\xff\x00", b"[]", b"{}", b"null"),
    ],
)
def test_a_row_that_was_changed_is_named(lie: Any) -> None:
    found = differences(altered(topics_of(), TABLE, rows("paid"), lie))

    assert TABLE in {one.topic for one in found}


@pytest.mark.parametrize("cdr_id", ["paid", "w7", "early"])
def test_a_row_that_is_gone_is_named(cdr_id: str) -> None:
    partition_record = topics_of()[TABLE][rows(cdr_id)]
    key = partition_record[1].key
    left = [each for each in topics_of()[TABLE] if each[1].key != key]

    found = differences({**topics_of(), TABLE: left})

    assert {"open suspense"} == {one.proof for one in found}


def test_a_tombstone_that_is_gone_is_named() -> None:
    index = [number for number, (_, x) in enumerate(topics_of()[TABLE]) if x.value is None][-1]

    found = differences(replaced(topics_of(), TABLE, index, []))

    assert [one.field for one in found] == ["cdr_id"]


def test_a_worker_that_ends_no_waiting_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SuspenseBatch, "settled", lambda *_, **__: None)

    found = differences(dict(working().topics))

    assert {one.proof for one in found} >= {"open suspense"}


def test_a_worker_that_frees_too_early_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freecall, "freed_ms", lambda _settings, came_ms: came_ms)
    monkeypatch.setattr(
        "rater.batch.charging.freecall_timer.freed_ms", lambda _settings, came_ms: came_ms
    )

    found = differences(dict(working().topics))

    assert ("open suspense", "at_ms") in {(one.proof, one.field) for one in found}


SENT = st.tuples(
    st.sampled_from("ab"),
    st.integers(1, 4),
    st.sampled_from(("final", "correction", "void")),
    st.sampled_from((NOWHERE, "+33612345678", "+1001")),
    st.integers(0, 30),
)
"""Id, version, kind, number, and hours before it."""


@FEW
@given(st.lists(SENT, max_size=14), st.integers(0, 3), st.integers(1, 5), st.booleans())
def test_property_whatever_versions_come_an_honest_log_is_clean_and_frees_once(
    sent: list[tuple[str, int, str, str, int]],
    days: int,
    size: int,
    masks: bool,  # noqa: FBT001
) -> None:
    hidden = [{"prefix": "", "digits": 4}] if masks else []
    worker = HonestWorker(corrections=True, freecall_after_days=days, masks=hidden)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 500_000)
    worker.work(size)
    for number, (cdr_id, version, kind, to, hours) in enumerate(sent):
        if hours:
            worker.work(size)
            worker.pass_time(hours * 3_600_000)
        said = "final" if version == 1 and kind == "correction" else kind
        worker.call("acme", cdr_id, version=version, kind=said, to=to, ended_ms=START_MS + number)
    worker.work(size)
    worker.pass_time(5 * DAY_MS)
    topics = dict(worker.topics)

    assert differences(topics) == []
    entries = [json.loads(record.value or b"") for _, record in topics[LEDGER.name]]
    freed = [(e["cdr_id"], e.get("version", 1)) for e in entries if e.get("reason") == "freecall"]
    assert len({*freed}) == len(freed)
    assert bool(freed) <= bool(days)


def test_a_later_version_may_wait_as_of_no_charge_when_the_one_before_was_void_just_before() -> (
    None
):
    worker = HonestWorker(corrections=True)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.work()
    worker.call("acme", "c1", ended_ms=START_MS)
    correct(worker, "c1", kind="void")
    correct(worker, "c1", version=3, to=NOWHERE)
    worker.work()

    assert b"charged" not in (worker.topics[TABLE][-1][1].value or b"")
    assert differences(dict(worker.topics)) == []
