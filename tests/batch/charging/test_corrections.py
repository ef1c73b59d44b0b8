"""Corrections in batches: at every cut, in any order, once each, and never of what they were not asked for."""

import json
from itertools import permutations
from typing import Any

import pytest

from rater.batch.charging.batch import begin
from rater.batch.charging.cdr_batch import CdrBatch
from rater.core.account.account import Account
from tests.build import (
    DAY,
    HOUR,
    NOW,
    UNIT,
    Partition,
    Sent,
    Stored,
    call,
    command,
    correcting,
    funds,
    opened,
    opening,
    order,
    settings_version,
)
from topics.catalog import CDR_RAW, LEDGER
from topics.manifests import IdState, unpack_ids

V1 = call(billsec=219)
V2 = call(version=2, kind="correction", billsec=159)
V3 = call(version=3, kind="correction", billsec=60)
VOID = call(version=4, kind="void", billsec=60)


def taking() -> Partition:
    """Return acme with 50 units, and corrections taken."""
    return opened(("L1", 50 * UNIT), rules=correcting())


def kinds(partition: Partition) -> list[str]:
    return [entry["kind"] for entry in partition.entries()][2:]


def reasons(partition: Partition) -> list[str]:
    return [json.loads(value)["reason"] for value in partition.suspense]


def money(account: Account) -> tuple[Any, ...]:
    return account.balance, account.debt, [(lot.lot_id, lot.remaining) for lot in account.lots]


def test_a_correction_posts_the_difference_once() -> None:
    """Scenario 25: 50, 49.500, 49.625."""
    partition = taking().take(V1)
    assert partition.account().balance == 49_500_000

    partition.take(V2).take(V2).take(V1)

    assert partition.account().balance == 49_625_000
    assert kinds(partition) == ["charge", "charge_reversed", "charge"]
    assert partition.outcomes["duplicate"] == 2


def test_a_later_version_that_comes_first_stands_and_the_first_is_superseded() -> None:
    """Scenario 25: v2 before v1 is 49.625 at once, and stays so."""
    partition = taking().take(V2).take(V1).take(V1, V2)

    assert partition.account().balance == 49_625_000
    assert kinds(partition) == ["charge"]
    assert (partition.outcomes["superseded"], partition.outcomes["duplicate"]) == (2, 1)


def test_a_void_gives_all_back_and_a_later_version_is_charged_again() -> None:
    partition = taking().take(V1).take(call(version=2, kind="void", billsec=219))
    assert partition.account().balance == 50 * UNIT
    assert partition.outcomes["voided"] == 1

    partition.take(V3)

    assert partition.account().balance == 49_875_000
    assert kinds(partition) == ["charge", "charge_reversed", "charge"]
    # It is late money, as of any correction.
    assert partition.entries()[-1]["reverses"] == partition.entries()[2]["entry_id"]


@pytest.mark.parametrize("first", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("second", [1, 2, 3, 4, 5])
def test_where_a_batch_is_cut_changes_no_byte(first: int, second: int) -> None:
    sent = [V1, V2, call(cdr_id="other"), V3, VOID]
    whole = taking().take(*sent)
    cut = taking()
    for part in (sent[:first], sent[first : first + second], sent[first + second :]):
        cut.take(*part)

    assert cut.outputs() == whole.outputs()
    assert dict(cut.shard.accounts.items()) == dict(whole.shard.accounts.items())
    assert whole.account().balance == 50 * UNIT - 125_000


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_a_batch_in_pieces_of_any_size_writes_the_same_bytes(size: int) -> None:
    sent = [V1, V2, call(cdr_id="other"), V3, VOID]
    assert in_pieces(sent, size) == in_pieces(sent, 5)


@pytest.mark.parametrize("size", [300, 1_000])
def test_a_piece_that_is_encoded_in_several_runs_writes_the_same_bytes(size: int) -> None:
    """Corrections find what stands in their own run, in an earlier one of the piece, and in an earlier piece."""
    others = [call(cdr_id=f"c{n}") for n in range(400)]
    sent = [V1, *others[:200], V2, V3, *others[200:], VOID, call(cdr_id="c7", version=2)]

    assert in_pieces(sent, size) == in_pieces(sent, 1)


def in_pieces(sent: list[Sent], size: int) -> tuple[Any, ...]:
    """Take one batch piece by piece, as the step does."""
    partition = taking()
    records = [Stored(n, each.at_ms, each.key, each.value) for n, each in enumerate(sent)]
    batch = begin(partition.shard, CDR_RAW.name, partition.rules, 1)
    assert isinstance(batch, CdrBatch)
    written: list[Any] = []
    for at in range(0, len(records), size):
        batch.read(records[at : at + size])
        assert batch.needs() == []
        batch.decide()
        written += batch.decision.outputs()[0][1]
    batch.decision.place({LEDGER.name: range(len(written))})
    return written, batch.decision.manifest(0, len(sent)), batch.decision.accounts()


@pytest.mark.parametrize("order", list(permutations((V1, V2, V3))), ids=range(6))
@pytest.mark.parametrize("at_once", [True, False])
def test_any_order_of_the_versions_of_a_cdr_leaves_the_same_money(
    order: tuple[Sent, ...],
    at_once: bool,  # noqa: FBT001
) -> None:
    partition = taking()
    twice = [each for sent in order for each in (sent, sent)]
    if at_once:
        partition.take(*twice)
    else:
        partition.take_each(twice)

    assert money(partition.account()) == (49_875_000, 0, [("L1", 49_875_000)])
    assert reasons(partition) == []


def test_what_is_needed_of_the_ledger_is_named_and_nothing_else() -> None:
    partition = taking().take(V1, call(cdr_id="other"))
    batch = begin(partition.shard, CDR_RAW.name, partition.rules, 1)
    sent = [V2, call(cdr_id="new"), call(version=2, cdr_id="unknown"), V1]
    batch.read([Stored(9 + n, NOW, b"acme", each.value) for n, each in enumerate(sent)])

    assert isinstance(batch, CdrBatch)
    assert batch.needs() == [2]


def test_the_head_is_remembered_with_its_version_under_a_key_of_its_own() -> None:
    partition = taking().take(V2)
    ids = unpack_ids(partition.last.ids.tobytes())

    assert [(each.state, each.place) for each in ids] == [
        (IdState.CHARGED, 2),
        (IdState.HEAD, 2),
        (IdState.SUPERSEDED, 2),
    ]
    assert [each.content for each in ids[1:]] == [2, 2]
    assert len({each.hash for each in ids}) == 3
    partition.take(V3)
    ids = unpack_ids(partition.last.ids.tobytes())
    assert [(each.state, each.content) for each in ids[1:]] == [
        (IdState.HEAD, 3),
        (IdState.SUPERSEDED, 3),
    ]
    assert [each.place for each in ids[1:]] == [4, 4]


def test_of_a_first_version_that_came_the_head_alone_is_remembered() -> None:
    partition = taking().take(V1).take(V2).take(V3)

    ids = unpack_ids(partition.last.ids.tobytes())
    assert [each.state for each in ids] == [IdState.CHARGED, IdState.HEAD]


def test_a_first_version_that_was_never_corrected_has_no_head() -> None:
    partition = taking().take(V1)

    assert [each.state for each in unpack_ids(partition.last.ids.tobytes())] == [IdState.CHARGED]


def test_the_same_version_with_other_content_is_a_conflict() -> None:
    partition = taking().take(V1, V2).take(call(version=2, billsec=60))

    assert reasons(partition) == ["conflict"]
    assert partition.account().balance == 49_625_000


def test_an_original_that_waits_is_replaced() -> None:
    partition = taking().take(call(to="+999123456")).take(V2).take(call(to="+999123456"))

    assert reasons(partition) == ["no_rate"]
    assert partition.account().balance == 49_625_000
    assert partition.outcomes["duplicate"] == 1


def test_a_correction_that_waits_leaves_the_charge_as_it_is_and_the_next_one_replaces_it() -> None:
    partition = taking().take(V1).take(call(version=2, to="+999123456"))
    assert (reasons(partition), partition.account().balance) == (["no_rate"], 49_500_000)

    partition.take(V3)

    assert partition.account().balance == 49_875_000


@pytest.mark.parametrize("at_once", [True, False])
def test_a_void_that_comes_first_is_remembered_and_earlier_versions_are_voided(
    at_once: bool,  # noqa: FBT001
) -> None:
    sent = [VOID, V1, V2, V1, VOID, V3]
    partition = taking()
    partition.take(*sent) if at_once else partition.take_each(sent)

    assert (kinds(partition), reasons(partition)) == (["charge"], [])
    assert partition.entries()[-1]["reason"] == "voided"
    assert partition.account().balance == 50 * UNIT
    expected = {"free": 1, "voided": 4, "duplicate": 1}
    assert {name: partition.outcomes[name] for name in expected} == expected


def test_a_void_of_a_void_moves_nothing_and_a_higher_version_is_charged() -> None:
    second = call(version=5, kind="void", billsec=60)
    partition = taking().take(V1).take(VOID).take(second).take(VOID).take(second).take(V3)
    assert partition.account().balance == 50 * UNIT
    assert kinds(partition) == ["charge", "charge_reversed", "charge"]
    assert (partition.outcomes["duplicate"], partition.outcomes["voided"]) == (2, 2)

    partition.take(call(version=6, kind="correction", billsec=60))

    assert partition.account().balance == 49_875_000
    assert partition.entries()[-1]["reverses"] == partition.entries()[-2]["entry_id"]
    partition.take(V1, V2)
    assert (partition.outcomes["superseded"], partition.outcomes["duplicate"]) == (1, 3)


@pytest.mark.parametrize("at_once", [True, False])
def test_what_a_batch_decides_of_a_first_version_holds_before_what_was_known(
    at_once: bool,  # noqa: FBT001
) -> None:
    partition = taking().take(call(version=2, kind="void"))
    partition.take(V3, V1) if at_once else partition.take_each([V3, V1])

    assert (partition.outcomes["superseded"], partition.outcomes["voided"]) == (1, 0)


def test_after_an_early_void_and_a_correction_the_first_version_is_superseded() -> None:
    partition = taking().take(call(version=2, kind="void")).take(V3).take(V1)

    assert (partition.outcomes["superseded"], partition.outcomes["voided"]) == (1, 0)
    assert partition.account().balance == 49_875_000


@pytest.mark.parametrize(
    ("waits", "reason"),
    [
        ({"to": "+999123456"}, "no_rate"),
        ({"user_id": "ann"}, "no_user_capability"),
    ],
)
@pytest.mark.parametrize("last", [V2, call(version=2, kind="void")], ids=["correction", "void"])
def test_what_waits_is_replaced_whatever_it_waits_for(
    waits: dict[str, Any], reason: str, last: Sent
) -> None:
    partition = taking()
    if "user_id" in waits:
        partition.take(command(order("set_unlicensed_calls", calls="suspend")))
    partition.take(call(**waits))
    assert reasons(partition) == [reason]
    # The account lets calls pass again that nobody is licensed for.
    partition.take(command(order("set_unlicensed_calls", "x2", calls="charge")))

    partition.take(last, call(**waits))

    assert partition.outcomes["duplicate"] == 1
    assert reasons(partition) == [reason]
    spent = 0 if last is not V2 else 375_000
    assert partition.account().balance == 50 * UNIT - spent
    heads = [
        each for each in unpack_ids(partition.last.ids.tobytes()) if each.state == IdState.HEAD
    ]
    assert [each.content for each in heads] == [2]


def test_a_correction_of_an_old_call_finds_its_original_by_the_head() -> None:
    """Ten days after the call: versions came on the sixth day and on the tenth; each lives a window of its own."""
    partition = taking().take(V1)
    sixth, tenth = NOW + 6 * DAY, NOW + 10 * DAY
    partition.take(call(sixth, cdr_id="now", billsec=60), again(sixth, 2, 159))
    assert partition.account().balance == 50 * UNIT - 125_000 - 375_000

    partition.take(
        call(tenth, cdr_id="later", billsec=60), again(tenth, 3, 60), again(tenth, 3, 60)
    )

    assert (reasons(partition), partition.outcomes["duplicate"]) == ([], 1)
    assert partition.account().balance == 50 * UNIT - 3 * 125_000
    partition.take(again(tenth, 2, 159), again(tenth, 1, 219, kind="final"))
    assert partition.outcomes["duplicate"] == 2
    assert (reasons(partition), partition.outcomes["superseded"]) == ([], 1)


def test_versions_below_one_that_came_late_are_superseded_though_the_call_is_old() -> None:
    partition = taking().take(call(NOW, cdr_id="now"))
    sixth, tenth = NOW + 6 * DAY, NOW + 10 * DAY
    partition.take(again(sixth, 3, 60), again(tenth, 2, 159), again(tenth, 1, 219, kind="final"))

    assert (reasons(partition), partition.outcomes["superseded"]) == ([], 2)


def test_a_version_whose_records_time_goes_back_lives_a_window_of_the_stream() -> None:
    """Topics that are copied keep the times of their records, and come late."""
    partition = taking().take(V1, again(NOW + 5 * DAY, 2, 159))
    partition.take(call(NOW + 9 * DAY, cdr_id="now", billsec=60), again(NOW, 3, 60))
    before = partition.account().balance
    partition.take(again(NOW, 3, 60), again(NOW + 9 * DAY, 4, 159))

    assert (reasons(partition), partition.outcomes["duplicate"]) == ([], 1)
    assert partition.account().balance == before - 2 * 125_000


def test_a_correction_of_an_old_call_that_nobody_remembers_waits_and_says_what_to_do() -> None:
    partition = taking().take(V1)
    late = NOW + 10 * DAY
    partition.take(call(late, cdr_id="now"), again(late, 2, 159))

    assert reasons(partition) == ["too_old"]
    assert "adjust the balance by hand" in json.loads(partition.suspense[0])["detail"]


def again(at_ms: int, version: int, billsec: int, **fields: Any) -> Sent:
    """Return a version of the call that ended at NOW, sent later."""
    kind = {"kind": "correction", **fields}
    return call(at_ms, ended_ms=NOW, version=version, billsec=billsec, **kind)


def test_a_correction_whose_original_may_be_forgotten_waits() -> None:
    midnight = NOW // DAY * DAY
    partition = taking()
    oldest = midnight - 7 * DAY
    partition.take(call(NOW, cdr_id="now"))
    straddling = {"billsec": 120, "ended_ms": oldest + 60_000, "version": 2}
    partition.take(call(NOW, **straddling))

    assert reasons(partition) == ["too_old"]
    assert "started at" in json.loads(partition.suspense[0])["detail"]
    assert partition.outcomes["rated"] == 1


def test_an_entry_that_is_not_what_was_asked_for_is_a_broken_invariant() -> None:
    partition = taking().take(V1, call(cdr_id="other"))
    partition.ledger[2] = partition.ledger[3]

    with pytest.raises(AssertionError, match="is remembered at 2"):
        partition.take(V2)


@pytest.mark.parametrize("value", [b"{}", b"not json"])
def test_an_entry_that_cannot_be_read_is_a_broken_invariant(value: bytes) -> None:
    partition = taking().take(V1)
    partition.ledger[2] = value

    with pytest.raises(AssertionError, match="no charge and no reversal"):
        partition.take(V2)


def test_an_entry_that_is_not_given_is_a_broken_invariant() -> None:
    partition = taking().take(V1)
    batch = begin(partition.shard, CDR_RAW.name, partition.rules, 1)
    batch.read([Stored(9, NOW, b"acme", V2.value)])

    with pytest.raises(AssertionError, match="no entry at 2"):
        batch.decide()


@pytest.mark.parametrize("at_once", [True, False])
def test_an_original_is_found_where_settings_widen_the_window_in_its_batch(
    at_once: bool,  # noqa: FBT001
) -> None:
    """The original is older than the window when the batch begins, and younger when the correction's turn comes."""
    rules = correcting()
    book = rules.settings.with_version(settings_version(2, NOW - DAY, 3, corrections=True))
    book = book.with_version(settings_version(3, NOW + HOUR, 7, corrections=True))
    partition = Partition(type(rules)(rules.book, rules.numbering, book))
    then = NOW - 5 * DAY
    partition.take(command(opening(), then), command(funds(amount=50 * UNIT, bought_ms=then), then))
    partition.take(call(then, billsec=219)).take(call(NOW, cdr_id="now"))
    sent = [
        call(NOW + HOUR, cdr_id="then"),
        call(NOW + HOUR, ended_ms=then, version=2, billsec=60),
    ]

    partition.take(*sent) if at_once else partition.take_each(sent)

    assert partition.account().balance == 50 * UNIT - 3 * 125_000
    assert reasons(partition) == []


def test_money_that_comes_back_has_its_lot_alone() -> None:
    """A purchase of the same name would have been moved to its grace, and forfeited, in the place of the other."""
    partition = opened(rules=correcting()).take(call(NOW))
    mine = funds("returned:acme/2", UNIT, bought_ms=NOW - 300 * DAY)
    partition.take(command(mine), command(funds("L1", UNIT, bought_ms=NOW)))

    partition.take(call(version=2, kind="void"))
    partition.take(command(order("expire_lots", due_ms=NOW + 66 * DAY), NOW + 66 * DAY))

    entries = partition.entries()
    assert [e["reason"] for e in entries if e["kind"] == "command_rejected"] == ["reserved_lot"]
    lots = [("returned:acme/2", 125_000), ("L1", 875_000)]
    assert money(partition.account()) == (UNIT, 0, lots)


def test_the_settings_of_the_records_time_decide_whether_corrections_are_taken() -> None:
    rules = correcting()
    later = rules.settings.with_version(settings_version(2, NOW + HOUR, corrections=False))
    rules = type(rules)(rules.book, rules.numbering, later)
    partition = opened(("L1", 50 * UNIT), rules=rules).take(V1, V2)
    partition.take(call(NOW + HOUR, version=3))

    assert partition.account().balance == 49_625_000
    assert reasons(partition) == ["correction_unsupported"]
