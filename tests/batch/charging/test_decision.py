"""A decision: what a batch wants written, with the manifest last."""

import json

from rater.batch.charging.decision import NOWHERE, Decision
from tests.build import NOW, UNIT, call, command, funds, opened, order
from topics.catalog import CDR_RAW
from topics.manifests import IdState, split_manifest, unpack_ids


def test_ids_name_the_offsets_of_what_was_written() -> None:
    partition = opened(("L1", UNIT))
    partition.take(call(cdr_id="a"), call(cdr_id="b", to="+999123456"), call(cdr_id="c"))
    packed = partition.last.packed([40, 41], [7])

    ids = unpack_ids(packed.tobytes())
    assert [(each.state, each.place) for each in ids] == [
        (IdState.CHARGED, 40),
        (IdState.SUSPENDED, 7),
        (IdState.CHARGED, 41),
    ]
    assert {each.day for each in ids} == {NOW // 86_400_000}


def test_an_id_that_left_no_record_has_no_place() -> None:
    partition = opened().take(command(order("expire_lots", due_ms=5)))

    (remembered,) = unpack_ids(partition.last.packed([], []).tobytes())
    assert remembered.place == NOWHERE


def test_a_decision_that_remembers_nothing_packs_nothing() -> None:
    assert len(Decision(CDR_RAW.name, 0, NOW).packed([], [])) == 0


def test_the_manifest_counts_what_the_batch_did() -> None:
    partition = opened(("L1", UNIT)).take(call(), call(), call(cdr_id="b", to="+999123456"))
    packed = partition.last.packed([3], [0])
    header, ids = split_manifest(partition.last.manifest(10, 13, packed))

    assert header == {
        "app": "rater-charging",
        "source_topic": "cdr.raw.v1",
        "partition": 0,
        "first_offset": 10,
        "next_offset": 13,
        "records": 3,
        "outcomes": {"rated": 1, "duplicate": 1, "suspended.no_rate": 1},
        "ledger": 1,
        "events": 0,
        "ids": 2,
        "at_ms": NOW,
    }
    assert len(unpack_ids(ids)) == 2


def test_records_are_keyed_by_the_tenant() -> None:
    decision = opened().take(command(funds())).last

    for records in (decision.ledger(), decision.events(), decision.statuses()):
        assert [key for key, _ in records] == [b"acme"] * len(records)
        assert all(json.loads(value)["tenant_id"] == "acme" for _, value in records)
    assert list(decision.accounts()) == [b"acme"]
