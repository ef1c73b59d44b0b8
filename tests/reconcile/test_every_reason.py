"""Every reason and every outcome that the code knows has a case, comes out as the case says, and is clean.

The names are read from the code: who adds one and no case of it (`loadtest/oddities.py`, `loadtest/refusals.py`)
finds a test here failing, and `rater reconcile` and the demo see it from then on.
"""

import ast
import json
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from loadtest.expected import Expected
from loadtest.oddities import CASES, DECK_ID, Scene
from loadtest.refusals import ACCEPTED, REFUSALS, refusals
from rater.batch.charging import lot_ids
from rater.batch.charging.heads import OUTCOME_AHEAD
from rater.core.account import credits as account_credits
from rater.core.pricing.unrated import Unrated
from rater.core.rejections import Rejected
from rater.core.suspension import Suspended
from rater.wire.malformed import Why
from tests.reconcile.honest_worker import (
    CDRS,
    COMMANDS,
    PARTITIONS,
    START_MS,
    HonestWorker,
)
from tests.reconcile.tampering import Topics, differences, place_of, replaced, verdict_on
from topics import catalog
from topics import records as r
from topics.manifests import split_manifest
from topics.records.ledger import CommandReason
from topics.records.rejects import DeadReason, SuspenseReason

BATCH = Path(__file__).parents[2] / "rater" / "batch" / "charging"
SUSPENDED = frozenset(map(str, (*Suspended, *Unrated)))
DEAD = frozenset(map(str, Why))
REFUSED = frozenset(map(str, Rejected))
ELSEWHERE = frozenset(
    (
        *("recharge_repeated", "reversal_repeated", "still_waits", "not_priced"),
        *("too_many_lots", "too_many_lot_ids", "too_many_changes"),
    )
)
"""Reasons of refusal with a test of their own, below: a payment, thousands of lots, hours between changes. What still
waits must have come before, and what has no price any more have been charged: `test_recycled` and `test_reratings` of
the proofs have them."""
WHOLE_BATCHES = frozenset(("dead.not_unpacked",))
"""What becomes of a Kafka batch before there are records: `test_proofs` and `tests/e2e/test_bombs_kafka.py` have it."""
CORRECTED = frozenset(("suspended.correction_unsupported",))
"""Where the settings take none, or there are thousands of lots: `tests/core/account/test_reversal.py` has it."""
OF_PLANS = frozenset(("suspended.too_many_pools", "suspended.no_user_capability"))
"""What thousands of pools would take, and what an account must ask for: `tests/core/account/test_funding.py` and
`test_unlicensed.py` have them.
"""
RATED = frozenset(get_args(r.Charge.__annotations__["outcome"]))
"""What the engine calls a CDR that it has charged."""


def counted(module: str) -> set[str]:
    """Return the plain names under which a batch counts outcomes: `decision.count("name")` in its source."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((BATCH / module).read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "count"
            and not isinstance(node.args[0], ast.JoinedStr)
        ):
            words = [each for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant)]
            names |= {str(word.value) for word in words}
    return names


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(START_MS, PARTITIONS)


@pytest.fixture(scope="module")
def odd(scene: Scene) -> tuple[Topics, Expected, Counter[str]]:
    """Give the topics of a worker that met every case, and what was expected of CDRs and of commands."""
    worker = HonestWorker(decks={DECK_ID: scene.deck()})
    expected, refused = Expected(), Counter[str]()
    for partition, key, value in scene.commands():
        worker.produce(COMMANDS, key, value, partition)
    for reason, topic, (partition, key, value) in refusals(scene):
        refused[reason] += reason != ACCEPTED
        worker.produce(topic, key, value, partition)
    for partition, key, value in scene.cdrs(expected):
        worker.produce(CDRS, key, value, partition)
    worker.work()
    return dict(worker.topics), expected, +refused


def test_every_reason_and_every_outcome_of_a_cdr_has_a_case() -> None:
    wanted = {f"suspended.{reason}" for reason in SUSPENDED} | {f"dead.{why}" for why in DEAD}
    wanted |= RATED | counted("cdr_batch.py") - {"skipped"} | set(OUTCOME_AHEAD.values())

    assert set(CASES) == wanted - WHOLE_BATCHES - CORRECTED - OF_PLANS


def test_every_reason_of_a_refusal_has_a_case() -> None:
    assert set(REFUSALS) | ELSEWHERE == REFUSED


def test_the_published_language_has_the_same_reasons() -> None:
    assert set(get_args(SuspenseReason)) == SUSPENDED
    assert set(get_args(DeadReason)) == DEAD
    assert set(get_args(CommandReason)) == REFUSED


def test_every_case_comes_to_what_it_says(odd: tuple[Topics, Expected, Counter[str]]) -> None:
    topics, expected, refused = odd
    outcomes: Counter[str] = Counter()
    for _, record in topics[catalog.BATCHES_CHANGELOG.name]:
        if record.key == CDRS.encode():
            outcomes.update(split_manifest(record.value or b"")[0]["outcomes"])
    entries = [json.loads(record.value or b"") for _, record in topics[catalog.LEDGER.name]]

    assert outcomes == expected.outcomes
    assert Counter(e["reason"] for e in entries if e["kind"] == "command_rejected") == refused


def test_a_log_with_every_case_in_it_is_clean(
    odd: tuple[Topics, Expected, Counter[str]],
) -> None:
    verdict = verdict_on(odd[0])

    assert verdict.differences == []
    assert verdict.unproven == []


@pytest.mark.parametrize("name", CASES)
def test_each_case_alone_is_clean_and_stays_so_when_it_comes_again(scene: Scene, name: str) -> None:
    """A CDR with a clock a day ahead, once, made every later verdict a difference (issue 8, 21)."""
    worker = HonestWorker(decks={DECK_ID: scene.deck()})
    for partition, key, value in scene.commands():
        worker.produce(COMMANDS, key, value, partition)
    for partition, key, value in CASES[name](scene) * 2:
        worker.produce(CDRS, key, value, partition)
    worker.work(3)
    worker.pass_time(3 * 86_400_000)
    for partition, key, value in CASES[name](scene):
        worker.produce(CDRS, key, value, partition)
    worker.work()

    assert verdict_on(dict(worker.topics)).differences == []


def test_a_refusal_for_too_many_lots_is_clean(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_credits, "LOTS_MAX", 3)
    worker = HonestWorker(decks={DECK_ID: scene.deck()})
    for partition, key, value in scene.commands():
        worker.produce(COMMANDS, key, value, partition)
    for number in range(2, 5):
        worker.fund("odd", f"odd-{number}", 1_000_000)
    worker.work()

    assert _reasons(worker) == ["too_many_lots"]
    assert verdict_on(dict(worker.topics)).differences == []


def test_a_refusal_of_too_many_changes_is_clean(scene: Scene) -> None:
    worker = HonestWorker(decks={DECK_ID: scene.deck()})
    for partition, key, value in scene.commands():
        worker.produce(COMMANDS, key, value, partition)
    for number in range(33):
        worker.now_ms += 3_600_000
        worker.command("odd", "set_decks", decks=[DECK_ID, "other"][: 1 + number % 2])
        worker.command("odd", "close_account")
        worker.now_ms += 3_600_000
        worker.command("odd", "reopen_account")
    worker.work()

    assert set(_reasons(worker)) == {"too_many_changes"}
    assert verdict_on(dict(worker.topics)).differences == []


def test_a_refusal_for_too_many_lot_ids_is_clean(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lot_ids, "LOT_IDS_MAX", 2)
    worker = HonestWorker(decks={DECK_ID: scene.deck()})
    for partition, key, value in scene.commands():
        worker.produce(COMMANDS, key, value, partition)
    for number in range(2, 4):
        worker.fund("odd", f"odd-{number}", 1_000_000)
    worker.work()

    assert _reasons(worker) == ["too_many_lot_ids"]
    assert verdict_on(dict(worker.topics)).differences == []


def test_a_refusal_of_a_credit_that_was_taken_is_clean(scene: Scene) -> None:
    worker = HonestWorker(decks={DECK_ID: scene.deck()})
    for partition, key, value in scene.commands():
        worker.produce(COMMANDS, key, value, partition)
    for lot_id in ("pi_1", "pi_2"):
        worker.fund("odd", lot_id, 60_000_000, recharge_seq=1, payment_command_id="pc-1")
    worker.work()

    assert _reasons(worker) == ["recharge_repeated"]
    assert verdict_on(dict(worker.topics)).differences == []


def test_a_refusal_of_a_reversal_that_was_taken_is_clean(scene: Scene) -> None:
    worker = HonestWorker(decks={DECK_ID: scene.deck()})
    for partition, key, value in scene.commands():
        worker.produce(COMMANDS, key, value, partition)
    worker.fund("odd", "pi_1", 60_000_000, recharge_seq=1, payment_command_id="pc-1")
    back = {"amount_micros": 1_000_000, "reversed_micros": 1_000_000, "currency": "USD"}
    back |= {"payment_id": "pi_1", "reversal_id": "re_1", "reversal": "refund"}
    for _ in range(2):
        worker.command("odd", "reverse_payment", command_id="reversal/1", **back)
        worker.work()
        worker.pass_time(9 * 86_400_000)

    assert _reasons(worker) == ["reversal_repeated"]
    assert verdict_on(dict(worker.topics)).differences == []


def _reasons(worker: HonestWorker) -> list[str]:
    entries = [json.loads(x.value or b"") for _, x in worker.topics[catalog.LEDGER.name]]
    return [entry["reason"] for entry in entries if entry["kind"] == "command_rejected"]


def test_a_lost_charge_is_found_though_a_copy_of_its_cdr_came_a_day_early(scene: Scene) -> None:
    worker = HonestWorker(decks={DECK_ID: scene.deck()})
    for partition, key, value in (*scene.commands(), *CASES["suspended.in_future"](scene)):
        worker.produce(COMMANDS if b"command_id" in (value or b"") else CDRS, key, value, partition)
    worker.work()
    worker.pass_time(3 * 86_400_000)
    for partition, key, value in CASES["suspended.in_future"](scene):
        worker.produce(CDRS, key, value, partition)
    worker.work()
    topics = dict(worker.topics)
    charge = place_of(topics, catalog.LEDGER.name, lambda entry: entry["kind"] == "charge")

    lost = differences(replaced(topics, catalog.LEDGER.name, charge, []))

    assert ("completeness", "outcome") in {(each.proof, each.field) for each in lost}
