"""Corrections and voids: an honest log of them is clean, wherever batches are cut, and one that lies is found out."""

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest

from tests.reconcile.honest_worker import CDRS, DAY_MS, START_MS, HonestWorker, at
from tests.reconcile.tampering import Topics, altered, differences, place_of, replaced, verdict_on
from topics import catalog
from topics.manifests import IdState, join_manifest, split_manifest, unpack_ids

LEDGER, BATCHES = catalog.LEDGER.name, catalog.BATCHES_CHANGELOG.name
SETTINGS = catalog.CHARGING_SETTINGS.name
HOUR_MS = 3_600_000


def correct(worker: HonestWorker, cdr_id: str, version: int = 2, **fields: Any) -> None:
    """Produce a later version of a call that ended at the start of all."""
    fields = {"ended_ms": START_MS, "kind": "correction", **fields}
    worker.call("acme", cdr_id, version=version, **fields)


@cache
def corrected(size: int = 7) -> HonestWorker:
    """Return a worker after days with corrections of all kinds in them."""
    worker = HonestWorker(corrections=True)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 300_000, purchased_at=at(START_MS - 365 * DAY_MS))
    worker.fund("acme", "B", 3_000_000, purchased_at=at(START_MS - 362 * DAY_MS))
    worker.fund("acme", "C", 1_500_000)
    levels = [("low", {"amount_micros": 2_000_000}), ("soon", {"hours": 3})]
    thresholds = [{"threshold_id": name, **level} for name, level in levels]
    worker.command("acme", "set_thresholds", thresholds=thresholds)
    worker.command("acme", "set_spend_limits", cost_per_call_micros=400_000)
    worker.work()
    for number in range(8):
        worker.call("acme", f"c{number}", ended_ms=START_MS)
    correct(worker, "c0", billsec=200)
    correct(worker, "c0", 3, billsec=30)
    correct(worker, "c0", 2, billsec=90)
    correct(worker, "c1", kind="void")
    correct(worker, "early", 2)
    worker.call("acme", "early", ended_ms=START_MS)
    correct(worker, "nothing", kind="void")
    worker.work(size)
    worker.now_ms += HOUR_MS
    correct(worker, "c2", billsec=1)
    correct(worker, "c2", billsec=1)
    correct(worker, "c2", billsec=2)
    correct(worker, "c3", to="+999123456")
    correct(worker, "c4", disposition="busy", billsec=0)
    worker.call("acme", "c2", ended_ms=START_MS)
    worker.work(size)
    worker.call("acme", "dear", billsec=2_400, ended_ms=START_MS)
    worker.work(size)
    correct(worker, "dear", billsec=60)
    worker.work(size)
    worker.pass_time(3 * DAY_MS)
    correct(worker, "c5", kind="void")
    worker.work(size)
    worker.pass_time(2 * DAY_MS)
    correct(worker, "c6", billsec=180)
    worker.work(size)
    worker.pass_time(DAY_MS)
    correct(worker, "c6", 3, billsec=1_800)
    correct(worker, "c7", kind="void")
    correct(worker, "c1", 3)
    worker.work(size)
    told_out_of_order(worker, size)
    worker.flush()
    return worker


def told_out_of_order(worker: HonestWorker, size: int) -> None:
    """Have voids come before what they void, and again, and corrections after voids; of calls old and new."""
    ended_ms = worker.now_ms
    said: list[tuple[str, int, str, int]] = [
        *(("v1", 3, "void", 60), ("v1", 1, "final", 61), ("v1", 2, "correction", 120)),
        *(("v1", 5, "correction", 200), ("v1", 4, "void", 60), ("v1", 1, "final", 61)),
        *(("v2", 1, "final", 300), ("v2", 2, "void", 60), ("v2", 3, "void", 60)),
        *(("v2", 4, "correction", 90), ("v2", 5, "void", 60), ("v2", 6, "correction", 30)),
        *(("v3", 2, "void", 60), ("v3", 3, "void", 61), ("v3", 2, "void", 60)),
    ]
    for cdr_id, version, kind, billsec in said:
        fields: dict[str, Any] = {"version": version, "kind": kind, "billsec": billsec}
        worker.call("acme", cdr_id, ended_ms=ended_ms, **fields)
    worker.work(size)
    worker.pass_time(6 * DAY_MS)
    correct(worker, "v1", 7, ended_ms=ended_ms, billsec=10)
    correct(worker, "v3", 4, ended_ms=ended_ms, kind="void")
    worker.work(size)
    worker.pass_time(4 * DAY_MS)
    # Older than the window, and known by their heads.
    correct(worker, "v1", 8, ended_ms=ended_ms, billsec=70)
    correct(worker, "v1", 8, ended_ms=ended_ms, billsec=70)
    correct(worker, "v1", 6, ended_ms=ended_ms)
    worker.call("acme", "v3", ended_ms=ended_ms)
    correct(worker, "v2", 7, ended_ms=ended_ms)
    worker.work(size)


def topics_of(worker: HonestWorker) -> Topics:
    return dict(worker.topics)


@pytest.mark.parametrize("size", [1, 3, 7, 1_000])
def test_an_honest_log_of_corrections_is_clean(size: int) -> None:
    verdict = verdict_on(topics_of(corrected(size)))

    assert verdict.differences == []
    assert verdict.is_clean


def test_the_log_has_everything_in_it() -> None:
    """Method: what these tests prove is worth as much as the days they start from."""
    topics = topics_of(corrected())
    entries = [json.loads(record.value or b"") for _, record in topics[LEDGER]]
    kinds = Counter(entry["kind"] for entry in entries)
    outcomes: Counter[str] = Counter()
    for _, record in topics[BATCHES]:
        outcomes.update(split_manifest(record.value or b"")[0]["outcomes"])
    back = [entry for entry in entries if entry["kind"] == "charge_reversed"]
    parts = [part for entry in back for part in entry.get("returns", [])]

    assert kinds["charge_reversed"] >= 8
    assert kinds["lot_forfeited"] >= 1
    assert {entry["by"] for entry in back} == {"correction", "void"}
    assert any("lot" in entry for entry in back)
    assert any(part.get("source") == "shortfall" for part in parts)
    assert any(part.get("grace") for part in parts)
    assert any("expires_ms" in part for part in parts)
    voided = [entry for entry in entries if entry.get("reason") == "voided"]
    assert len(voided) >= 4
    assert any(entry.get("reverses") in {each["entry_id"] for each in voided} for entry in entries)
    for name in ("superseded", "voided", "duplicate", "suspended.conflict", "suspended.too_old"):
        assert outcomes[name] >= 1, name


def test_a_correction_that_waits_is_freed_though_none_is_taken_any_more() -> None:
    worker = HonestWorker(corrections=True)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.call("acme", "c1", "+9607000000", version=2, kind="correction")
    worker.work()
    worker.load_settings(worker.now_ms + DAY_MS, freecall_after_days=1)
    worker.pass_time(2 * DAY_MS)
    topics = topics_of(worker)
    freed = place_of(topics, LEDGER, lambda entry: entry.get("reason") == "freecall")

    assert json.loads(topics[LEDGER][freed][1].value or b"")["version"] == 2
    assert differences(topics) == []


def test_a_version_whose_records_time_goes_back_is_remembered_by_that_of_the_stream() -> None:
    worker = HonestWorker(corrections=True)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.call("acme", "c1", ended_ms=START_MS)
    worker.work()
    worker.pass_time(5 * DAY_MS)
    correct(worker, "c1", 2, billsec=200)
    worker.work()
    worker.pass_time(4 * DAY_MS)
    worker.call("acme", "now")
    now_ms, worker.now_ms = worker.now_ms, worker.now_ms - 8 * DAY_MS
    correct(worker, "c1", 3, billsec=30)
    worker.now_ms = now_ms
    correct(worker, "c1", 4, billsec=90)
    worker.work()
    worker.flush()
    topics = topics_of(worker)
    versions = [json.loads(record.value or b"").get("version") for _, record in topics[LEDGER]]

    assert versions[-2:] == [3, 4]
    assert differences(topics) == []


def test_what_stands_outlives_a_first_version_that_ended_on_a_later_day() -> None:
    """The platform's clock was ahead; seven days later nothing that was taken back stands again."""
    worker = HonestWorker(corrections=True)
    worker.now_ms = noon_ms = START_MS + DAY_MS // 2
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.work()
    worker.call("acme", "c1", billsec=60, ended_ms=noon_ms + 20 * HOUR_MS)
    correct(worker, "c1", 2, billsec=120, ended_ms=noon_ms)
    worker.work()
    worker.pass_time(7 * DAY_MS + 13 * HOUR_MS)
    worker.call("acme", "now")
    correct(worker, "c1", 3, billsec=60, ended_ms=noon_ms + 20 * HOUR_MS, kind="void")
    worker.work()
    worker.flush()
    topics = topics_of(worker)
    entries = [json.loads(record.value or b"") for _, record in topics[LEDGER]]
    taken_back = [each["reverses"] for each in entries if each["kind"] == "charge_reversed"]

    assert len(taken_back) == len({*taken_back}) == 2
    assert differences(topics) == []


REVERSED = {"kind": "charge_reversed"}
CORRECTED = {"kind": "charge_reversed", "by": "correction"}
VOIDED = {"kind": "charge_reversed", "by": "void"}
LIES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (REVERSED, {"reversed_micros": 1}, "cdr_id, version, reversed_micros"),
    (REVERSED, {"amount_micros": 1}, "amount_micros"),
    (REVERSED, {"reverses": "acme/1"}, "reverses"),
    (REVERSED, {"returns": []}, "returns"),
    (REVERSED, {"returns": [{"id": "C", "amount_micros": 250_000}]}, "returns"),
    (REVERSED, {"cdr_id": "c6"}, "cdr_id, version, reversed_micros"),
    (REVERSED, {"version": 7}, "cdr_id, version, reversed_micros"),
    (CORRECTED, {"by": "void"}, "by, by_version, cdr_id"),
    (VOIDED, {"by": "correction"}, "kind"),
    (VOIDED, {"by_version": 9}, "by, by_version, cdr_id"),
    ({"kind": "charge", "version": 2}, {"reverses": None}, "kind"),
    ({"kind": "charge", "cdr_id": "c5"}, {"reverses": "acme/1"}, "reverses"),
]


@pytest.mark.parametrize(("which", "change", "field"), LIES, ids=range(len(LIES)))
def test_a_correction_that_lies_is_found_out(
    which: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    topics = topics_of(corrected())

    def is_meant(value: dict[str, Any]) -> bool:
        name = next(iter(change))
        is_there = name in value or change[name] == "acme/1"
        return which.items() <= value.items() and is_there

    place = place_of(topics, LEDGER, is_meant)

    found = differences(altered(topics, LEDGER, place, change))

    assert field in {wrong.field for wrong in found}


LATER = {"kind": "charge", "cdr_id": "v2"}
OUT_OF_ORDER: list[tuple[dict[str, Any], dict[str, Any], set[str]]] = [
    # Late money that says it is none, names another charge, or the void that was not the last.
    ({**LATER, "version": 4}, {"reverses": None}, {"reverses"}),
    ({**LATER, "version": 6}, {"reverses": "acme/9"}, {"reverses"}),
    ({"kind": "charge", "cdr_id": "v1", "version": 5}, {"reverses": None}, {"reverses"}),
    # A void that is no charge of nothing, and a charge of nothing that is no void.
    ({"cdr_id": "v3", "version": 3}, {"reason": "unanswered"}, {"kind, reason"}),
    ({"kind": "charge", "cdr_id": "v1", "version": 5}, {"reason": "voided"}, {"kind, reason"}),
    # A void that is older than what stands, or of another call.
    ({"cdr_id": "v3", "version": 3}, {"version": 2}, {"version"}),
    ({"cdr_id": "v3", "version": 3}, {"cdr_id": "v1"}, {"cdr_id"}),
    ({"kind": "charge_reversed", "cdr_id": "v2", "by_version": 5}, {"by_version": 1}, {"version"}),
]


@pytest.mark.parametrize(("which", "change", "fields"), OUT_OF_ORDER, ids=range(len(OUT_OF_ORDER)))
def test_a_void_or_what_comes_after_it_that_lies_is_found_out(
    which: dict[str, Any], change: dict[str, Any], fields: set[str]
) -> None:
    topics = topics_of(corrected())
    place = place_of(topics, LEDGER, lambda value: which.items() <= value.items())

    found = differences(altered(topics, LEDGER, place, change))

    assert fields <= {wrong.field for wrong in found}


def test_an_early_void_that_is_lost_is_found_out() -> None:
    topics = topics_of(corrected())
    place = place_of(topics, LEDGER, lambda e: e.get("reason") == "voided" and e["cdr_id"] == "v1")

    assert "outcome" in {wrong.field for wrong in differences(replaced(topics, LEDGER, place, []))}


@pytest.mark.parametrize(
    ("taken", "given"),
    [("voided", "superseded"), ("superseded", "duplicate"), ("voided", "duplicate")],
)
def test_what_came_below_a_higher_version_and_is_counted_as_another_thing_is_found_out(
    taken: str, given: str
) -> None:
    topics = topics_of(corrected())
    batches = [
        n
        for n, (_, record) in enumerate(topics[BATCHES])
        if split_manifest(record.value or b"")[0]["outcomes"].get(taken)
    ]
    _, record = topics[BATCHES][batches[-1]]
    outcomes = dict(split_manifest(record.value or b"")[0]["outcomes"])
    outcomes[taken] -= 1
    outcomes[given] = outcomes.get(given, 0) + 1

    found = differences(altered(topics, BATCHES, batches[-1], {"outcomes": outcomes}))

    assert f"outcomes.{taken}" in {wrong.field for wrong in found if wrong.proof == "versions"}


@pytest.mark.parametrize("kind", ["charge_reversed", "charge"])
def test_half_of_a_correction_that_is_lost_is_found_out(kind: str) -> None:
    topics = topics_of(corrected())
    place = place_of(topics, LEDGER, lambda e: e["kind"] == kind and "reverses" in e)

    assert differences(replaced(topics, LEDGER, place, []))


def test_a_charge_that_is_taken_back_twice_is_found_out() -> None:
    topics = topics_of(corrected())
    place = place_of(topics, LEDGER, lambda e: e["kind"] == "charge_reversed")
    partition, record = topics[LEDGER][place]
    said = json.loads(record.value or b"")
    later = place_of(topics, LEDGER, lambda e: e["kind"] == "charge_reversed", -1)
    found = differences(altered(topics, LEDGER, later, {"reverses": said["reverses"]}))

    assert partition == topics[LEDGER][later][0]
    assert "reverses" in {wrong.field for wrong in found}


def test_a_second_charge_of_a_cdr_that_stands_is_found_out() -> None:
    topics = topics_of(corrected())
    place = place_of(topics, LEDGER, lambda e: e["kind"] == "charge" and e["cdr_id"] == "c5")
    change = {"cdr_id": "early", "version": 3}

    found = differences(altered(topics, LEDGER, place, change))

    assert "cdr_id, stands" in {wrong.field for wrong in found}


def test_corrections_that_the_settings_do_not_take_are_found_out() -> None:
    topics = topics_of(corrected())
    (located,) = topics[SETTINGS]
    _, record = located
    said = json.loads(record.value or b"") | {"corrections": False}
    refusing = replaced(
        topics, SETTINGS, 0, [(located[0], record.replaced(value=json.dumps(said).encode()))]
    )

    assert "kind" in {
        wrong.field for wrong in differences(refusing) if wrong.proof == "corrections"
    }


@pytest.mark.parametrize("state", [IdState.HEAD, IdState.SUPERSEDED, IdState.VOIDED])
def test_a_head_that_is_not_remembered_is_found_out(state: IdState) -> None:
    topics = topics_of(corrected())
    index, ids = next(
        (n, ids)
        for n, (_, record) in enumerate(topics[BATCHES])
        if (ids := split_manifest(record.value or b"")[1])
        and state in {each.state for each in unpack_ids(ids)}
    )
    partition, record = topics[BATCHES][index]
    kept = b"".join(
        ids[28 * n : 28 * (n + 1)]
        for n, each in enumerate(unpack_ids(ids))
        if each.state is not state
    )
    header = json.loads((record.value or b"").partition(b"\n")[0]) | {"ids": len(kept) // 28}
    value = join_manifest(json.dumps(header).encode(), kept)
    changed = replaced(topics, BATCHES, index, [(partition, record.replaced(value=value))])

    assert "ids" in {wrong.field for wrong in differences(changed)}


def test_a_cdr_that_vanished_is_no_earlier_version() -> None:
    topics = topics_of(corrected())
    place = place_of(topics, LEDGER, lambda e: e["kind"] == "charge" and e["cdr_id"] == "early")

    found = differences(replaced(topics, LEDGER, place, []))

    assert {"outcome"} <= {wrong.field for wrong in found if wrong.topic == CDRS}
