"""Recycled calls: an honest log of them is clean, and each lie and each seeded fault about them is named."""

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.batch.charging.open_suspense import SuspenseBatch, read_open
from rater.core.account import releasing
from rater.core.account.account import Account
from rater.core.account.posting import Posting, posting_of
from tests.reconcile.honest_worker import DAY_MS, SHEET, START_MS, HonestWorker
from tests.reconcile.tampering import Topics, altered, differences, place_of, replaced
from tests.test_properties import FEW
from topics.catalog import LEDGER, SUSPENSE_CHANGELOG
from topics.records import Charge

TABLE = SUSPENSE_CHANGELOG.name
NOWHERE = "+999123456"
WHO = {"by": "ann@acme.example", "why": "mended", "job_id": "j1"}


def ask(worker: HonestWorker, kind: str, tenant: str, cdr_id: str, job: str = "j1") -> None:
    """Ask for what becomes of a call that waits, as the table has it; of one that does not, as of its first record."""
    value = worker.shards[worker.of(tenant)].suspense.get(f"{tenant}/{cdr_id}".encode())
    row = None if value is None else read_open(value)
    place = 0 if row is None else row.source_offset
    worker.command(
        tenant,
        kind,
        **{**WHO, "job_id": job},
        command_id=f"{kind}/{job}/{cdr_id}",
        cdr_id=cdr_id,
        version=1 if row is None else row.version,
        suspense_id=f"cdr.raw.v1/{worker.of(tenant)}/{place}",
    )


def mend(worker: HonestWorker) -> None:
    worker.load_deck("acs", _sheet(), 2, START_MS - DAY_MS)


def _sheet() -> bytes:
    lines = SHEET.read_text().splitlines()
    names = lines[0].split(",")
    row = {**dict(zip(names, lines[1].split(","), strict=True)), "prefix": "999"}
    return "\n".join([*lines, ",".join(row[name] for name in names)]).encode() + b"\n"


def working(size: int = 7, **settings: Any) -> HonestWorker:
    """Return a worker of calls that wait for price, account and licence, and are released, dropped and replaced."""
    worker = HonestWorker(**{"corrections": True, "freecall_after_days": 3, **settings})
    for tenant in ("acme", "gamma"):
        worker.command(tenant, "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 3_000_000)
    worker.command("gamma", "set_unlicensed_calls", calls="suspend")
    worker.work(size)
    for number in range(8):
        worker.call("acme", f"w{number}", to=NOWHERE, ended_ms=START_MS)
    worker.call("acme", "paid", ended_ms=START_MS)
    worker.call("acme", "paid", to=NOWHERE, version=2, kind="correction", ended_ms=START_MS)
    worker.call("gamma", "u1", user_id="ann", ended_ms=START_MS)
    worker.call("late", "l1", ended_ms=START_MS)
    worker.call("never", "n1", ended_ms=START_MS)
    worker.work(size)
    for cdr_id in ("w0", "w1"):
        ask(worker, "release_call", "acme", cdr_id, "early")
    ask(worker, "release_call", "late", "l1", "early")
    worker.work(size)
    worker.now_ms += 60_000
    mend(worker)
    worker.command("late", "open_account", currency="USD", decks=["acs"])
    licence = {"user_id": "ann", "usage_country": "US", "credits_licence": True}
    worker.command("gamma", "set_user", **licence, valid_from="2024-01-01T00:00:00Z")
    worker.work(size)
    worker.call("acme", "w2", to=NOWHERE, version=2, kind="correction", ended_ms=START_MS)
    worker.work(size)
    for cdr_id in ("w0", "w1", "w2", "w3", "paid"):
        ask(worker, "release_call", "acme", cdr_id)
    ask(worker, "release_call", "acme", "w0", "again")
    ask(worker, "drop_call", "acme", "w4")
    ask(worker, "drop_call", "never", "n1")
    ask(worker, "release_call", "gamma", "u1")
    ask(worker, "release_call", "late", "l1")
    worker.work(size)
    worker.call("acme", "w3", to=NOWHERE, version=2, kind="correction", ended_ms=START_MS)
    worker.call("acme", "w4", to=NOWHERE, ended_ms=START_MS)
    worker.work(size)
    ask(worker, "release_call", "acme", "w4", "dropped")
    worker.work(size)
    worker.pass_time(4 * DAY_MS)
    worker.flush()
    return worker


@cache
def topics_of() -> Topics:
    return dict(working().topics)


def entry(**fields: Any) -> int:
    return place_of(topics_of(), LEDGER.name, lambda value: fields.items() <= value.items(), 0)


def charge_of(cdr_id: str) -> int:
    def is_it(value: dict[str, Any]) -> bool:
        return value["kind"] == "charge" and value["cdr_id"] == cdr_id and "waited" in value

    return place_of(topics_of(), LEDGER.name, is_it, 0)


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_an_honest_log_of_recycled_calls_is_clean(size: int) -> None:
    assert differences(dict(working(size).topics)) == []


def test_an_honest_log_with_hidden_digits_is_clean() -> None:
    assert differences(dict(working(masks=[{"prefix": "", "digits": 3}]).topics)) == []


def test_the_log_has_everything_in_it() -> None:
    """Method: what these tests prove is worth as much as the log they start from."""
    entries = [json.loads(record.value or b"") for _, record in topics_of()[LEDGER.name]]
    released = {
        (e["cdr_id"], e.get("version", 1))
        for e in entries
        if e.get("job_id") and e["kind"] == "charge"
    }
    refused = Counter(e["reason"] for e in entries if e["kind"] == "command_rejected")
    dropped = {e["cdr_id"] for e in entries if e["kind"] == "call_dropped"}
    freed = {e["cdr_id"] for e in entries if e.get("reason") == "freecall"}

    assert released == {("w0", 1), ("w1", 1), ("w3", 1), ("u1", 1), ("l1", 1)}
    assert dropped == {"w4", "n1"}
    assert freed == {"w5", "w6", "w7"}
    assert refused == {"still_waits": 3, "unknown_tenant": 1, "not_waiting": 3}


@pytest.mark.parametrize(
    ("cdr_id", "lie", "field"),
    [
        ("w0", {"waited.suspense_id": "cdr.raw.v1/0/999"}, "waited"),
        ("w0", {"waited.at_ms": START_MS - 1}, "waited"),
        ("w0", {"waited.reason": "denied"}, "waited"),
        ("w0", {"waited.by": "bob@acme.example"}, "by"),
        ("w0", {"waited.why": "because"}, "why"),
        ("w0", {"job_id": "j2"}, "job_id"),
        ("w0", {"cdr_id": "w7"}, "cdr_id"),
        ("w0", {"version": 2}, "version"),
        ("w0", {"call.duration_s": 62}, "duration_s"),
        ("w0", {"call.to": "+999123457"}, "to"),
        ("w0", {"deck_version": 1}, "prefix"),
        ("w0", {"prefix": "33"}, "prefix"),
        ("w0", {"charge_micros": 1}, "charge_micros"),
        ("w0", {"source_topic": "cdr.raw.v1"}, "source_topic"),
        ("u1", {"call.user_id": "bob"}, "user_id"),
        ("l1", {"at_ms": START_MS + 1}, "at_ms"),
    ],
)
def test_a_lie_about_what_was_released_is_named(
    cdr_id: str, lie: dict[str, Any], field: str
) -> None:
    found = differences(altered(topics_of(), LEDGER.name, charge_of(cdr_id), lie))

    assert field in {one.field for one in found}


@pytest.mark.parametrize(
    ("lie", "field"),
    [
        ({"waited.suspense_id": "cdr.raw.v1/0/999"}, "waited"),
        ({"waited.by": "bob"}, "by"),
        ({"job_id": "j9"}, "job_id"),
        ({"cdr_id": "w9"}, "cdr_id"),
        ({"version": 2}, "version"),
        ({"seq": 99}, "entry_id, source_topic, seq"),
        ({"command_id": "other"}, "command_id"),
    ],
)
def test_a_lie_about_what_was_dropped_is_named(lie: dict[str, Any], field: str) -> None:
    found = differences(
        altered(topics_of(), LEDGER.name, entry(kind="call_dropped", cdr_id="w4"), lie)
    )

    assert field in {one.field for one in found}


@pytest.mark.parametrize(
    "lie", [{"waits.reason": "denied"}, {"waits.cdr_id": "w7"}, {"waits.version": 2}]
)
def test_a_lie_about_what_waits_on_is_named(lie: dict[str, Any]) -> None:
    found = differences(altered(topics_of(), LEDGER.name, entry(reason="still_waits"), lie))

    assert found


def test_a_charge_that_is_gone_is_named() -> None:
    found = differences(replaced(topics_of(), LEDGER.name, charge_of("w0"), []))

    assert {"commands", "ledger"} <= {one.proof for one in found}


def test_a_drop_that_is_gone_is_named() -> None:
    found = differences(replaced(topics_of(), LEDGER.name, entry(kind="call_dropped"), []))

    assert {"open suspense"} <= {one.proof for one in found}


def test_a_worker_that_ends_no_waiting_charges_twice_and_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SuspenseBatch, "end", lambda *_: None)

    found = differences(dict(working().topics))

    assert {"open suspense", "charges"} <= {one.proof for one in found}


def test_a_worker_that_takes_late_money_for_fraud_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = posting_of

    def spends(account: Account, entry: Charge) -> Posting:
        late = honest(account, entry)
        after = late.change, late.balance, late.debt
        is_late = entry.reverses is not None
        rest = late.pools, late.lots, late.shortfall, late.owed_of
        return Posting(
            entry, late.at_ms, late.seq, after, late.micros, (is_late, late.is_waived), *rest
        )

    monkeypatch.setattr(releasing, "posting_of", spends)

    assert differences(dict(working().topics))


def test_a_worker_that_charges_a_version_beside_a_charge_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(releasing, "_may_not", lambda *_: None)

    found = differences(dict(working().topics))

    assert "open suspense" in {one.proof for one in found}


ASKED = st.tuples(
    st.sampled_from(("call", "later", "void", "release_call", "drop_call", "mend", "time")),
    st.sampled_from("ab"),
)


@FEW
@given(st.lists(ASKED, max_size=16), st.integers(1, 5))
def test_property_whatever_is_asked_an_honest_log_is_clean_and_charges_once(
    asked: list[tuple[str, str]], size: int
) -> None:
    worker = HonestWorker(corrections=True, freecall_after_days=2)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.work(size)
    is_mended, version = False, 1
    for number, (what, cdr_id) in enumerate(asked):
        said: dict[str, Any] = {"to": NOWHERE, "ended_ms": START_MS}
        if what == "call":
            worker.call("acme", cdr_id, **said)
        elif what in {"later", "void"}:
            version += 1
            kind = "void" if what == "void" else "correction"
            worker.call("acme", cdr_id, version=version, kind=kind, **said)
        elif what == "mend" and not is_mended:
            is_mended = True
            mend(worker)
        elif what == "time":
            worker.work(size)
            worker.pass_time(DAY_MS)
        elif what.endswith("_call"):
            worker.work(size)
            ask(worker, what, "acme", cdr_id, str(number))
        worker.now_ms += 1_000
    worker.work(size)
    topics = dict(worker.topics)

    assert differences(topics) == []
    entries = [json.loads(record.value or b"") for _, record in topics[LEDGER.name]]
    charged = [(e["cdr_id"], e.get("version", 1)) for e in entries if e["kind"] == "charge"]
    dropped = [(e["cdr_id"], e["version"]) for e in entries if e["kind"] == "call_dropped"]
    assert len({*charged}) == len(charged)
    assert not {*charged} & {*dropped}
