"""A lot opens once in an account's life: whoever opens it again, or forgets it, is found out (R9)."""

import json

import pytest

from rater.batch.charging import lot_ids as memory
from rater.batch.charging.lot_ids import LotIdsBatch
from rater.core.account.commands import add_funds
from rater.reconcile.difference import Difference
from rater.reconcile.reading.log import Record
from tests.reconcile.honest_worker import DAY_MS, START_MS, HonestWorker, at
from tests.reconcile.tampering import Topics, altered, differences, place_of, replaced
from topics import catalog

LEDGER, LOTS = catalog.LEDGER.name, catalog.LOTS_CHANGELOG.name
HORIZON_MS = 370 * DAY_MS


def funded() -> HonestWorker:
    """Return a worker with a lot that is used up, an adjustment each way, and a payment's credit."""
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "L1", 125_000)
    worker.call("acme", "c1", billsec=60)
    worker.work()
    worker.command("acme", "adjust", amount_micros=250_000, currency="USD", reason="sorry")
    worker.command("acme", "adjust", amount_micros=-250_000, currency="USD", reason="not")
    worker.fund("acme", "pi_1", 60_000_000, recharge_seq=1, payment_command_id="pc-1")
    worker.work()
    return worker


def lot_faults(topics: Topics) -> list[Difference]:
    return [each for each in differences(topics) if each.proof == "lot ids"]


def again(worker: HonestWorker) -> Topics:
    """Let days pass, and produce the same purchase again."""
    worker.pass_time(9 * DAY_MS)
    worker.fund("acme", "L1", 125_000, purchased_at=at(START_MS), command_id="again")
    worker.work()
    return dict(worker.topics)


def test_a_purchase_again_after_the_window_is_refused_and_that_is_clean() -> None:
    topics = again(funded())

    assert differences(topics) == []
    last = json.loads(topics[LEDGER][-1][1].value or b"")
    assert (last["kind"], last["reason"]) == ("command_rejected", "lot_exists")


def test_a_worker_that_opens_a_lot_again_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault of issue 8, 3: charging credited twice, and the reconciler did not notice."""
    worker = funded()
    monkeypatch.setattr(LotIdsBatch, "refuse", lambda *_: None)

    faults = lot_faults(again(worker))

    assert [(fault.topic, fault.field, fault.key) for fault in faults] == [
        (LEDGER, "lot.lot_id", "acme")
    ]


@pytest.mark.parametrize("micros", [250_000, -250_000])
def test_a_worker_that_posts_an_adjustment_again_is_found_out(
    monkeypatch: pytest.MonkeyPatch, micros: int
) -> None:
    worker = funded()
    way = {"amount_micros": micros, "currency": "USD", "reason": "sorry", "command_id": "a"}
    worker.command("acme", "adjust", **way)
    worker.work()
    monkeypatch.setattr(LotIdsBatch, "refuse", lambda *_: None)
    worker.pass_time(400 * DAY_MS)
    worker.command("acme", "adjust", **way)
    worker.work()

    assert [fault.field for fault in lot_faults(dict(worker.topics))] == ["lot.lot_id"]


def reversed_and_restored() -> HonestWorker:
    """Return a worker that has taken a payment back and given it back, and whose account has used it up."""
    worker = funded()
    for kind, reversed_micros in (("reverse_payment", 250_000), ("restore_payment", 0)):
        _move(worker, kind, reversed_micros)
    return worker


def _move(worker: HonestWorker, kind: str, reversed_micros: int) -> None:
    worker.command(
        *("acme", kind),
        command_id=kind,
        payment_id="pi_1",
        amount_micros=250_000,
        reversed_micros=reversed_micros,
        currency="USD",
        reversal_id="dp_1",
        reversal="dispute",
    )
    worker.work()


MOVES = [("reverse_payment", 250_000), ("restore_payment", 0)]


@pytest.mark.parametrize(("kind", "reversed_micros"), MOVES)
def test_a_reversal_again_after_the_window_is_refused_and_that_is_clean(
    kind: str, reversed_micros: int
) -> None:
    worker = reversed_and_restored()
    worker.pass_time(9 * DAY_MS)
    _move(worker, kind, reversed_micros)

    topics = dict(worker.topics)
    assert lot_faults(topics) == []
    last = json.loads(topics[LEDGER][-1][1].value or b"")
    assert (last["kind"], last["reason"]) == ("command_rejected", "reversal_repeated")


@pytest.mark.parametrize(("kind", "reversed_micros"), MOVES)
def test_a_worker_that_moves_a_payment_back_again_is_found_out(
    monkeypatch: pytest.MonkeyPatch, kind: str, reversed_micros: int
) -> None:
    worker = reversed_and_restored()
    monkeypatch.setattr(LotIdsBatch, "refuse", lambda *_: None)
    worker.pass_time(400 * DAY_MS)
    _move(worker, kind, reversed_micros)

    assert [fault.field for fault in lot_faults(dict(worker.topics))] == ["lot.lot_id"]


@pytest.mark.parametrize("lot_id", ["reversed:", "restored:"])
def test_a_reversal_that_the_table_has_lost_is_a_difference(lot_id: str) -> None:
    topics = dict(reversed_and_restored().topics)
    place = place_of(topics, LOTS, lambda each: each.get("lot_id", "").startswith(lot_id))

    assert len(lot_faults(replaced(topics, LOTS, place, []))) == 1
    assert len(lot_faults(altered(topics, LOTS, place, {"forget_ms": 5}))) == 1


def test_a_payment_that_is_credited_again_by_hand_is_a_difference() -> None:
    """Charging remembers payments for the window alone; what is done by hand later, a human must answer for."""
    worker = funded()
    worker.pass_time(9 * DAY_MS)
    worker.call("acme", "all-of-it", "+38267123456", billsec=5_100)
    worker.work()
    worker.fund("acme", "pi_1", 60_000_000)
    worker.work()

    (fault,) = lot_faults(dict(worker.topics))
    assert "a credited payment's" in str(fault)


def test_a_worker_that_opens_a_lot_expired_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = funded()
    monkeypatch.setattr(
        "rater.core.account.credits.lot_expiry_ms", lambda bought_ms: bought_ms + 800 * DAY_MS
    )
    monkeypatch.setattr(LotIdsBatch, "refuse", lambda *_: None)
    worker.fund("acme", "old", 5, purchased_at=at(START_MS - 400 * DAY_MS))
    worker.work()

    assert "lot.expires_ms" in [fault.field for fault in lot_faults(dict(worker.topics))]


@pytest.mark.parametrize("lot_id", ["L1", "adjust:"])
def test_an_id_that_the_table_has_lost_is_a_difference(lot_id: str) -> None:
    topics = dict(funded().topics)
    place = place_of(topics, LOTS, lambda each: each.get("lot_id", "").startswith(lot_id))

    assert len(lot_faults(replaced(topics, LOTS, place, []))) == 1
    assert len(lot_faults(altered(topics, LOTS, place, {"forget_ms": 5}))) == 1
    assert len(lot_faults(altered(topics, LOTS, place, None))) == 1
    assert len(lot_faults(altered(topics, LOTS, place, b"{}"))) == 2


def test_an_id_that_nothing_on_the_ledger_has_is_a_difference() -> None:
    worker = funded()
    topics = dict(worker.topics)
    partition, record = topics[LOTS][-1]
    key, value = memory.record("acme", "never", None)
    forged = Record(record.offset + 1, record.at_ms, key, value)

    assert len(lot_faults({**topics, LOTS: [*topics[LOTS], (partition, forged)]})) == 1


def test_an_id_forgotten_when_its_grace_is_over_is_clean_and_too_early_is_not() -> None:
    worker = funded()
    worker.pass_time(HORIZON_MS)
    worker.command("acme", "set_thresholds", thresholds=[])
    worker.work()
    topics = dict(worker.topics)
    tombstones = [record.key for _, record in topics[LOTS] if record.value is None]
    horizon = place_of(topics, LOTS, lambda each: each["kind"] == "forgotten")

    assert tombstones == [b"lot 4 acme L1"]
    assert differences(topics) == []
    assert len(lot_faults(altered(topics, LOTS, horizon, {"to_ms": 1}))) == 1


def test_the_table_compacted_is_clean() -> None:
    worker = funded()
    worker.pass_time(HORIZON_MS)
    worker.command("acme", "set_thresholds", thresholds=[])
    worker.work()
    topics = dict(worker.topics)
    last = {record.key: (partition, record) for partition, record in topics[LOTS]}
    kept = [each for each in last.values() if each[1].value is not None]

    assert differences({**topics, LOTS: kept}) == []


def test_another_purchase_may_have_the_name_of_one_that_is_over() -> None:
    worker = funded()
    worker.pass_time(HORIZON_MS)
    worker.fund("acme", "L1", 125_000)
    worker.work()

    assert differences(dict(worker.topics)) == []


def test_a_purchase_named_like_money_that_comes_back_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(add_funds, "refuse_name", lambda *_: None)
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "returned:acme/2", 125_000)
    worker.work()

    assert {("ledger", "lot.lot_id")} == {
        (each.proof, each.field) for each in differences(dict(worker.topics))
    }
