"""A decision: what a batch wants written, with the manifest last."""

import json
from typing import Any

from rater.batch.charging.batch import begin, decide
from rater.batch.charging.remembered import NOWHERE, packed
from tests.build import (
    NOW,
    RULES,
    UNIT,
    Stored,
    call,
    command,
    funds,
    opened,
    order,
    settings_version,
)
from topics.catalog import (
    ACCOUNT_COMMANDS,
    ACCOUNT_STATUS,
    BALANCE_EVENTS,
    CDR_RAW,
    LEDGER,
    SUSPENSE,
)
from topics.manifests import IdState, split_manifest, unpack_ids


def test_ids_name_the_offsets_of_what_was_written() -> None:
    partition = opened(("L1", UNIT))
    partition.take(call(cdr_id="a"), call(cdr_id="b", to="+999123456"), call(cdr_id="c"))

    ids = unpack_ids(packed(partition.last.remembered, [40, 41], [7]).tobytes())
    assert [(each.state, each.place) for each in ids] == [
        (IdState.CHARGED, 40),
        (IdState.SUSPENDED, 7),
        (IdState.CHARGED, 41),
    ]
    assert {each.day for each in ids} == {NOW // 86_400_000}


def test_an_id_that_left_no_record_has_no_place() -> None:
    partition = opened().take(command(order("expire_lots", due_ms=5)))

    (remembered,) = unpack_ids(packed(partition.last.remembered, [], []).tobytes())
    assert remembered.place == NOWHERE


def test_a_decision_that_remembers_nothing_packs_nothing() -> None:
    assert len(packed([], [], [])) == 0


def test_the_manifest_counts_what_the_batch_did() -> None:
    partition = opened(("L1", UNIT)).take(call(), call(), call(cdr_id="b", to="+999123456"))
    partition.last.place({LEDGER.name: [3], SUSPENSE.name: [0]})
    header, ids = split_manifest(partition.last.manifest(10, 13))

    assert header == {
        "layout": 1,
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
        "sums": {
            "step": 3,
            "currencies": {
                "USD": {
                    "held_micros": UNIT - 125_000,
                    "funds_added_micros": UNIT,
                    "charged_micros": 125_000,
                }
            },
            "ledger_next_offset": 4,
        },
    }
    assert len(unpack_ids(ids)) == 2


def test_records_are_keyed_by_the_tenant() -> None:
    partition = opened()
    record = command(funds())
    decision = decide(
        partition.shard, ACCOUNT_COMMANDS.name, [Stored(1, NOW, record.key, record.value)], RULES, 1
    )
    written = dict(decision.outputs())

    for topic in (LEDGER, BALANCE_EVENTS, ACCOUNT_STATUS):
        assert {b"acme"} == {key for key, _ in written[topic.name]}
        assert all(
            json.loads(value or b"")["tenant_id"] == "acme" for _, value in written[topic.name]
        )
    assert list(decision.accounts()) == [b"acme"]


def test_what_was_taken_is_not_taken_again_and_keeps_its_place() -> None:
    partition = opened(("L1", UNIT))
    changes: list[dict[str, Any]] = [{}, {"to": "+999123456"}] * 2
    records = [
        Stored(n, NOW, b"acme", call(cdr_id=f"c{n}", **to).value) for n, to in enumerate(changes)
    ]
    batch = begin(partition.shard, CDR_RAW.name, RULES, 1)
    taken = []
    for record in records:
        batch.read([record])
        batch.decide()
        taken.append(dict(batch.decision.outputs()))

    assert [1, 0, 1, 0] == [len(each[LEDGER.name]) for each in taken]
    assert [0, 1, 0, 1] == [len(each[SUSPENSE.name]) for each in taken]
    batch.decision.place({LEDGER.name: [40, 41], SUSPENSE.name: [7, 8]})
    assert [40, 7, 41, 8] == [each.place for each in unpack_ids(batch.decision.ids.tobytes())]


def test_what_canaries_are_charged_is_no_revenue_from_the_time_that_they_are_canaries_on() -> None:
    partition = opened(("L1", UNIT))
    records = [Stored(n, NOW + n, b"acme", call(cdr_id=f"c{n}").value) for n in range(3)]

    def charged(*versions: Any) -> dict[str, int]:
        book = RULES.settings
        for version in versions:
            book = book.with_version(version)
        rules = RULES.with_settings(book)
        decision = decide(partition.shard, CDR_RAW.name, records, rules, 1)
        decision.outputs()
        return decision.charged

    each = charged()["USD"] // 3
    assert charged(settings_version(1, canary_tenants=("globex",))) == {"USD": 3 * each}
    assert charged(settings_version(1, canary_tenants=("acme",))) == {"USD": 0}
    assert charged(settings_version(1, NOW + 1, canary_tenants=("acme",))) == {"USD": each}


def test_credit_of_canaries_is_no_money_that_came_in() -> None:
    for canaries, came in (((), {("USD", "funds_added"): UNIT}), (("acme",), {})):
        book = RULES.settings.with_version(settings_version(1, canary_tenants=canaries))
        partition = opened()
        records = [Stored(5, NOW, b"acme", command(funds("L2", UNIT)).value)]
        rules = RULES.with_settings(book)
        decision = decide(partition.shard, ACCOUNT_COMMANDS.name, records, rules, 1)
        decision.outputs()
        assert decision.sums.came == came
