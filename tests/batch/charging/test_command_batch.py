"""A batch of account commands: each obeyed once, refused with a reason, or a dead letter."""

import json
from typing import Any

import pytest

from rater.batch.charging.batch import decide
from rater.batch.charging.partition_state import Shard
from rater.core.limits import AMOUNT_MICROS_MAX
from tests.build import (
    DAY,
    HOUR,
    NOW,
    RULES,
    UNIT,
    Partition,
    Sent,
    Stored,
    call,
    command,
    funds,
    opened,
    opening,
    order,
    settings_version,
)
from tests.test_topics import valid
from topics.authority import TOPIC_OF
from topics.catalog import ACCOUNT_COMMANDS, ACCOUNT_REQUESTS, ACCOUNT_SOURCES, Topic
from topics.manifests import IdState
from topics.records.charging_settings import CurrencyTerms


def refusals(partition: Partition) -> list[str]:
    return [x["reason"] for x in partition.entries() if x["kind"] == "command_rejected"]


def test_commands_of_one_batch_see_each_other() -> None:
    partition = Partition().take(command(opening()), command(funds()), command(funds("L2")))

    assert (partition.account().balance, partition.account().command_offset) == (2 * UNIT, 2)
    assert partition.outcomes.get("accepted", 0) == 3


@pytest.mark.parametrize("later", [False, True])
def test_a_command_is_obeyed_once(later: bool) -> None:  # noqa: FBT001
    partition = opened()
    partition.take(command(funds()), command(funds()))
    if later:
        partition.take(command(funds(), NOW + DAY))

    assert partition.account().balance == UNIT
    assert partition.outcomes["duplicate"] == 1 + later


def test_a_command_id_with_other_content_is_refused() -> None:
    partition = opened().take(command(funds()), command(funds(amount=5)))
    partition.take(command(funds(amount=5)))

    assert refusals(partition) == ["command_id_reused", "command_id_reused"]


def test_a_lot_is_opened_once_even_when_it_has_been_spent() -> None:
    partition = opened(("L1", 125_000)).take(call())
    assert partition.account().lots == []

    partition.take(command(funds("L1", command_id="again")))

    assert refusals(partition) == ["lot_exists"]


def test_a_refused_command_is_remembered_and_says_why_once() -> None:
    partition = Partition().take(command(funds()), command(funds()))

    assert refusals(partition) == ["unknown_tenant"]
    assert partition.outcomes["duplicate"] == 1


@pytest.mark.parametrize("key", [None, b"", b"globex", b"\xff"])
def test_a_command_under_another_key_is_misrouted(key: bytes | None) -> None:
    partition = opened()
    partition.take(Sent(ACCOUNT_COMMANDS.name, key, json.dumps(funds()).encode()))

    assert refusals(partition) == ["misrouted"]


def test_a_command_in_another_partition_is_misrouted() -> None:
    records = [Stored(0, NOW, b"acme", command(opening()).value)]
    outcomes = [
        decide(Shard.empty(number), ACCOUNT_COMMANDS.name, records, RULES, 8).outcomes
        for number in range(8)
    ]

    assert [each.get("accepted", 0) for each in outcomes].count(1) == 1
    assert [each.get("rejected.misrouted", 0) for each in outcomes].count(1) == 7


@pytest.mark.parametrize("topic", ACCOUNT_SOURCES, ids=lambda topic: topic.name)
@pytest.mark.parametrize("kind", TOPIC_OF)
def test_a_command_on_a_topic_of_other_authority_is_refused(kind: str, topic: Topic) -> None:
    """Brokers grant topics: who may only ask must not be able to bring money (R30)."""
    record = next(r for source in ACCOUNT_SOURCES for r in valid(source) if r["type"] == kind)
    tenant = record["tenant_id"].encode()
    partition = Partition().take(Sent(topic.name, tenant, json.dumps(record).encode()))

    assert (refusals(partition) == ["wrong_topic"]) == (TOPIC_OF[kind] != topic.name)


def test_a_command_refused_on_one_topic_is_carried_out_on_its_own() -> None:
    value = json.dumps(funds("L1", UNIT)).encode()
    partition = opened().take(Sent(ACCOUNT_REQUESTS.name, b"acme", value))
    partition.take(Sent(ACCOUNT_COMMANDS.name, b"acme", value))

    assert refusals(partition) == ["wrong_topic"]
    assert partition.account().balance == UNIT


def test_what_an_account_has_applied_of_one_topic_says_nothing_of_another() -> None:
    partition = opened(("L1", UNIT), ("L2", UNIT))
    partition.take(command(order("set_thresholds", thresholds=[])))
    account = partition.account()

    assert (account.command_offset, account.request_offset, account.timer_offset) == (2, 0, -1)


def test_a_command_that_the_account_has_applied_is_skipped() -> None:
    partition = opened()
    partition.redeliver(ACCOUNT_COMMANDS.name, [Stored(0, NOW, b"acme", command(funds()).value)])

    assert (partition.outcomes["skipped"], partition.account().balance) == (1, 0)


def test_a_broken_command_is_a_dead_letter() -> None:
    partition = opened().take(Sent(ACCOUNT_COMMANDS.name, b"acme", b"{}"))

    assert partition.outcomes["dead.missing_field"] == 1
    assert json.loads(partition.dead[0])["field"] == "type"


def test_a_command_that_finds_nothing_to_do_is_remembered_without_a_place() -> None:
    partition = opened().take(command(order("expire_lots", due_ms=5)))

    ((_, _, state, place, _),) = partition.last.remembered
    assert (state, place) == (IdState.COMMAND, -1)
    assert partition.outcomes.get("accepted", 0) == 2


def test_what_expires_on_the_way_does_not_hide_a_refusal() -> None:
    partition = opened(("L1", UNIT))
    late = NOW + 400 * DAY
    partition.take(command(opening(command_id="again"), late))

    assert [x["kind"] for x in partition.entries()][-3:] == [
        "lot_expired",
        "lot_forfeited",
        "command_rejected",
    ]
    assert partition.outcomes["rejected.account_exists"] == 1


def test_a_late_command_is_obeyed_once() -> None:
    """One that a producer has kept for long, or a mirror has copied with its time."""
    partition = opened(("L1", UNIT)).take(call(cdr_id="a"))
    late = command(funds("L2", 125_000), NOW - 30 * DAY)
    partition.take(late)
    partition.take(call(cdr_id="b", billsec=600)).take(call(cdr_id="c"))
    partition.take(late)

    assert partition.outcomes["duplicate"] == 1


@pytest.mark.parametrize("at_ms", [-1, -(10**15)])
def test_a_command_without_a_time_is_of_the_time_of_the_stream(at_ms: int) -> None:
    partition = opened().take(call(to="112"))
    partition.take(command(funds(), at_ms))

    assert partition.entries()[-1]["at_ms"] == NOW


def test_a_command_that_has_left_the_window_is_new_within_the_batch_too() -> None:
    sent = [
        command(funds(), NOW - HOUR),
        command(order("close_account"), NOW + 9 * DAY),
        command(funds(), NOW + 9 * DAY),
    ]

    assert opened().take(*sent).outputs() == opened().take_each(sent).outputs()


def test_the_least_recharge_is_given_to_the_batch() -> None:
    partition = opened()
    fields: dict[str, Any] = {
        "enabled": True,
        "trigger_micros": 9 * UNIT,
        "amount_micros": 9 * UNIT,
    }
    record = Stored(9, NOW, b"acme", command(order("set_auto_recharge", **fields)).value)

    strict = decide(partition.shard, ACCOUNT_REQUESTS.name, [record], RULES, 1)
    settings = settings_version(USD=CurrencyTerms("USD", 2, 0, 9 * UNIT, AMOUNT_MICROS_MAX))
    rules = RULES.with_settings(RULES.settings.with_version(settings))
    lenient = decide(partition.shard, ACCOUNT_REQUESTS.name, [record], rules, 1)

    assert strict.outcomes == {"rejected.invalid_setting": 1}
    assert lenient.outcomes == {"accepted": 1}


@pytest.mark.parametrize(
    "reference",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        4242424242424242,
        "x" * 999 + " 4242-42424242-4242",
    ],
)
def test_a_card_number_gets_into_nothing_that_is_written(reference: str | int) -> None:
    partition = opened()
    methods = [{"reference": "pm_1"}, {"reference": reference, "label": "y" * 99}]
    partition.take(command(order("set_payment_methods", methods=methods)))

    assert refusals(partition) == ["card_number"]
    for written in partition.outputs():
        assert b"4242" not in b"".join(written)
    assert all(b"4242" not in value for _, value in partition.shard.accounts.items())


def test_a_credit_of_recharge_is_taken_once_beyond_the_window_too() -> None:
    partition = opened()
    first = funds("pay-1", command_id="a", recharge_seq=1)
    partition.take(command(first)).take(command(first, NOW + 30 * DAY))
    partition.take(command(funds("pay-2", command_id="b", recharge_seq=2), NOW + 30 * DAY))

    assert refusals(partition) == ["recharge_repeated"]
    assert partition.account().balance == 2 * UNIT


def test_a_credit_of_recharge_that_is_refused_is_told_once_though_it_is_asked_for_again() -> None:
    partition = opened(("pay-1", UNIT))
    credit = funds("pay-1", command_id="credit/x", recharge_seq=1, payment_command_id="x")
    partition.take(command(credit)).take(command(credit))
    events = [json.loads(value) for value in partition.events]
    refused = [x for x in events if x["kind"] == "credit_refused"]

    assert refusals(partition) == ["lot_exists"]
    assert partition.outcomes["duplicate"] == 1
    assert [("pay-1", "lot_exists", "x")] == [
        (x["lot_id"], x["reason"], x["payment_command_id"]) for x in refused
    ]
