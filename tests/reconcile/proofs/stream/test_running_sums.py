"""Running sums of manifests: an honest worker's are proven; whichever of them lies, it is found."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from rater.reconcile.difference import Difference
from rater.reconcile.folds.moved import OPENING, SUMS
from rater.reconcile.proofs.stream.running_sums import PROOF
from tests.reconcile.everything import everything
from tests.reconcile.honest_worker import HonestWorker
from tests.reconcile.tampering import (
    Starts,
    Topics,
    altered,
    differences,
    place_of,
    replaced,
    verdict_on,
)
from topics.catalog import BATCHES_CHANGELOG, LEDGER

BATCHES = BATCHES_CHANGELOG.name


def tampered(topics: Topics, which: int, change: Callable[[dict[str, Any]], None]) -> Topics:
    """Return the topics with the sums of one manifest that has some changed."""
    index = place_of(
        topics, BATCHES, lambda header: bool(header.get("sums", {}).get("currencies")), which
    )
    _, record = topics[BATCHES][index]
    sums = json.loads((record.value or b"").partition(b"\n")[0])["sums"]
    change(sums)
    return altered(topics, BATCHES, index, {"sums": sums})


def found_by(topics: Topics) -> list[Difference]:
    return [each for each in differences(topics) if each.proof == PROOF]


def some_currency(sums: dict[str, Any]) -> dict[str, Any]:
    currencies: dict[str, dict[str, Any]] = sums["currencies"]
    return currencies[min(currencies)]


def test_an_honest_days_sums_move_all_that_can_move(honest: Topics) -> None:
    said: set[str] = set()
    for _, record in honest[BATCHES]:
        sums = json.loads((record.value or b"").partition(b"\n")[0])["sums"]
        said |= {name for each in sums["currencies"].values() for name in each}

    assert {"held_micros", "funds_added_micros", "charged_micros", "forfeited_micros"} <= said


@pytest.mark.parametrize("which", [0, 3, -1])
@pytest.mark.parametrize("name", [*SUMS, OPENING])
def test_a_sum_that_lies_is_found(honest: Topics, name: str, which: int) -> None:
    def lie(sums: dict[str, Any]) -> None:
        each = some_currency(sums)
        each[name] = each.get(name, 0) + 1

    found = found_by(tampered(honest, which, lie))
    assert any(each.field.endswith(name) or name in each.field for each in found)


@pytest.mark.parametrize(
    ("name", "lie"), [("step", lambda old: old + 1), ("ledger_next_offset", lambda old: old + 1)]
)
def test_a_step_and_a_cut_that_lie_are_found(
    honest: Topics, name: str, lie: Callable[[int], int]
) -> None:
    def change(sums: dict[str, Any]) -> None:
        sums[name] = lie(sums[name])

    assert f"sums.{name}" in {each.field for each in found_by(tampered(honest, 2, change))}


def test_money_that_two_sums_agree_about_and_no_entry_moved_is_found(honest: Topics) -> None:
    def lie(sums: dict[str, Any]) -> None:
        each = some_currency(sums)
        each["held_micros"] += 7
        each["funds_added_micros"] = each.get("funds_added_micros", 0) + 7

    assert len(found_by(tampered(honest, -1, lie))) >= 2


def test_an_opening_that_lies_everywhere_is_found_at_the_end(honest: Topics) -> None:
    topics = honest
    for index, (_, record) in enumerate(honest[BATCHES]):
        sums = json.loads((record.value or b"").partition(b"\n")[0])["sums"]
        for each in sums["currencies"].values():
            each["held_micros"] += 5
            each["opening_micros"] = 5
        topics = altered(topics, BATCHES, index, {"sums": sums})

    found = found_by(topics)
    assert found
    assert {each.field.rpartition(".")[2] for each in found} == {"held_micros, in_grace_micros"}


def test_sums_that_begin_anew_in_the_middle_are_found_unless_a_manifest_has_none(
    honest: Topics,
) -> None:
    index = place_of(honest, BATCHES, lambda header: header["sums"]["step"] == 3)
    _, record = honest[BATCHES][index]
    head, newline, ids = (record.value or b"").partition(b"\n")
    header = json.loads(head)
    del header["sums"]
    without = record.replaced(value=json.dumps(header).encode() + newline + ids)
    topics = replaced(honest, BATCHES, index, [(honest[BATCHES][index][0], without)])

    # The next one goes on counting, as if nothing were missing.
    assert "sums.step" in {each.field for each in found_by(topics)}


def test_an_entry_that_moves_other_money_than_its_manifest_says_is_found(honest: Topics) -> None:
    index = place_of(honest, LEDGER.name, lambda entry: entry["kind"] == "lot_forfeited")
    topics = altered(honest, LEDGER.name, index, {"forfeited_micros": 1})

    assert any(each.field.endswith("forfeited_micros") for each in found_by(topics))


def later(honest: Topics, **starts: int) -> tuple[Topics, Starts]:
    """Return what retention leaves of the manifests and the ledger, from an offset on in each partition."""
    begins = {BATCHES: starts.get("manifests", 0), LEDGER.name: starts.get("ledger", 0)}
    left = {
        topic: [each for each in records if each[1].offset >= begins.get(topic, 0)]
        for topic, records in honest.items()
    }
    return left, {(topic, n): start for topic, start in begins.items() for n in range(2)}


@pytest.mark.parametrize(
    "starts", [{"manifests": 8}, {"ledger": 30}, {"manifests": 8, "ledger": 30}]
)
def test_what_retention_has_deleted_is_no_difference_and_is_told(
    honest: Topics, starts: dict[str, int]
) -> None:
    verdict = verdict_on(*later(honest, **starts))

    assert [each for each in verdict.differences if each.proof == PROOF] == []
    assert any("running sums" in note for note in verdict.unproven)


@pytest.mark.parametrize("which", [0, 1, -1])
@pytest.mark.parametrize("name", [*SUMS, OPENING])
def test_a_sum_that_lies_is_found_where_older_manifests_are_deleted(
    honest: Topics, name: str, which: int
) -> None:
    left, starts = later(honest, manifests=8)

    def lie(sums: dict[str, Any]) -> None:
        each = some_currency(sums)
        each[name] = each.get(name, 0) + 1

    found = verdict_on(tampered(left, which, lie), starts).differences
    assert any(each.proof == PROOF and name in each.field for each in found)


def test_the_first_manifest_left_that_says_that_sums_begin_is_found(honest: Topics) -> None:
    left, starts = later(honest, manifests=8)

    def lie(sums: dict[str, Any]) -> None:
        sums["step"] = 1

    found = verdict_on(tampered(left, 0, lie), starts).differences
    assert "sums.step" in {each.field for each in found if each.proof == PROOF}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_an_honest_workers_sums_are_proven(seed: int) -> None:
    worker: HonestWorker = everything(seed)

    assert found_by(dict(worker.topics)) == []
