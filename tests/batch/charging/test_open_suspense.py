"""Open suspense: what waits for a price is kept, replaced, ended and freed; once, at every cut, and after a restart."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from rater.batch.charging import open_suspense
from rater.batch.charging.freecall_timer import FreecallTimer
from rater.batch.charging.open_suspense import SuspenseShard, read_open
from rater.batch.charging.partition_state import Shard
from rater.core.pricing.rules import Rules
from rater.wire.outputs import free_command
from tests.build import (
    DAY,
    HOUR,
    NOW,
    RULES,
    UNIT,
    Partition,
    Sent,
    call,
    command,
    opened,
    order,
    settings_version,
)
from topics.catalog import ACCOUNT_TIMERS, BY_NAME
from topics.manifests import IdState, unpack_ids
from topics.records import OpenSuspense

NOWHERE = "+999123456"
LATER = NOW + 3 * DAY


def freeing(days: int = 3, *, corrections: bool = True) -> Rules:
    settings = settings_version(corrections=corrections, freecall_after_days=days)
    return RULES.with_settings(RULES.settings.with_version(settings))


def partition_of(days: int = 3, *, corrections: bool = True) -> Partition:
    return opened(("L1", 50 * UNIT), rules=freeing(days, corrections=corrections))


def waits(at_ms: int = NOW, **changes: Any) -> Sent:
    return call(at_ms, **{"to": NOWHERE, **changes})


def correction(version: int, at_ms: int = NOW, **changes: Any) -> Sent:
    changes = {"kind": "correction", "ended_ms": NOW, **changes}
    return call(at_ms, version=version, **changes)


def rows(partition: Partition) -> dict[bytes, OpenSuspense]:
    return {key: read_open(value) for key, value in partition.shard.suspense.items()}


def row(partition: Partition) -> OpenSuspense:
    return rows(partition)[b"acme/c1"]


def fire(partition: Partition, at_ms: int = LATER) -> list[Sent]:
    """Return what the timer sends at an instant."""
    book, shard = partition.rules.settings, partition.shard.suspense
    return [
        Sent(
            ACCOUNT_TIMERS.name,
            key.partition(b"/")[0],
            free_command(read_open(shard.get(key) or b""), book.at(at_ms).version, at_ms),
            at_ms,
        )
        for key, _ in FreecallTimer(shard, book).due(at_ms)
    ]


def frees(partition: Partition) -> list[dict[str, Any]]:
    return [each for each in partition.entries() if each.get("reason") == "freecall"]


def restarted(partition: Partition) -> Partition:
    """Let another worker read all back from the changelogs."""
    old = partition.shard
    suspense = SuspenseShard()
    suspense.load([*partition.suspense_changelog.items()])
    shard = Shard(0, old.accounts, old.batches, old.lot_ids, old.users, suspense)
    partition.shard = shard
    return partition


def test_what_has_no_price_is_kept_whole_and_its_record_says_so() -> None:
    sent = waits(NOW + 5, ended_ms=NOW)
    partition = partition_of().take(sent)

    found = row(partition)
    said = json.loads(partition.suspense[0])
    assert (found.at_ms, found.source_topic, found.reason) == (NOW + 5, "cdr.raw.v1", "no_rate")
    assert (found.cdr.encode(), found.charged) == (sent.value, False)
    assert (said["kept"], said["suspense_id"]) == (True, f"cdr.raw.v1/0/{found.source_offset}")
    assert partition.shard.suspense.all.bytes_used == len(
        partition.shard.suspense.get(b"acme/c1") or b""
    )


def test_what_contradicts_what_is_known_is_not_kept() -> None:
    partition = partition_of().take(call(), waits())

    assert len(partition.suspense) == 1
    assert "kept" not in json.loads(partition.suspense[0])
    assert rows(partition) == {}


def test_what_waits_for_its_account_is_kept_and_never_freed() -> None:
    partition = partition_of().take(waits(tenant_id="nobody"))

    assert json.loads(partition.suspense[0])["kept"]
    assert rows(partition)[b"nobody/c1"].never_free
    assert restarted(partition).shard.suspense.came_by(NOW + 90 * DAY) == []


def test_what_the_balance_has_no_room_for_has_a_price_and_is_never_freed() -> None:
    terms = RULES.settings.versions[0].currencies["USD"]
    bound = type(terms)("USD", 2, 0, 50 * UNIT, 60 * UNIT)
    book = RULES.settings.with_version(settings_version(1, USD=bound, freecall_after_days=3))
    rules = RULES.with_settings(book)
    partition = opened(rules=rules).take(*[call(cdr_id=f"c{n}", billsec=86_400) for n in range(3)])

    assert [json.loads(each)["reason"] for each in partition.suspense] == ["amount_too_large"] * 3
    assert [each.never_free for each in rows(partition).values()] == [True] * 3
    assert fire(partition, NOW + 90 * DAY) == []


def test_a_copy_changes_nothing_and_a_conflict_neither() -> None:
    partition = partition_of().take(waits(), waits()).take(waits(), waits(billsec=61))

    assert list(rows(partition)) == [b"acme/c1"]
    assert partition.outcomes["duplicate"] == 2
    assert partition.outcomes["suspended.conflict"] == 1


def test_another_call_of_a_forgotten_id_does_not_take_the_place_of_the_first() -> None:
    partition = partition_of(days=30).take(waits(), call(NOW + 20 * DAY, cdr_id="other"))
    partition.take(waits(NOW + 20 * DAY))

    assert [json.loads(each).get("kept", False) for each in partition.suspense] == [True, False]
    assert row(partition).at_ms == NOW


def test_after_its_days_it_is_free_once_and_known_as_charged() -> None:
    partition = partition_of().take(waits())
    assert fire(partition, LATER - 1) == []

    sent = fire(partition)
    partition.take(*sent, *sent).take(*sent)

    (entry,) = frees(partition)
    assert (entry["at_ms"], entry["charge_micros"], entry["outcome"]) == (LATER, 0, "free")
    assert entry["waited"]["at_ms"] == NOW
    assert partition.outcomes["accepted"] == 2 + 1
    assert partition.outcomes["duplicate"] == 2
    assert (rows(partition), fire(partition, LATER + DAY)) == ({}, [])
    partition.take(waits(LATER, ended_ms=NOW), waits(LATER, ended_ms=NOW, billsec=7))
    assert partition.outcomes["duplicate"] == 3
    assert partition.outcomes["suspended.conflict"] == 1


def test_the_place_of_the_id_is_that_of_the_free_charge() -> None:
    partition = partition_of().take(waits())
    partition.take(*fire(partition))

    ids = unpack_ids(partition.last.ids.tobytes())
    (charged,) = [each for each in ids if each.state is IdState.CHARGED]
    assert json.loads(partition.ledger[charged.place])["reason"] == "freecall"
    assert charged.day == NOW // DAY


@pytest.mark.parametrize("days", [0, 4])
def test_a_command_that_is_not_due_is_refused(days: int) -> None:
    partition = partition_of().take(waits())
    sent = fire(partition)
    partition.rules = freeing(days)
    partition.take(*sent)

    assert partition.outcomes["rejected.not_due"] == 1
    assert list(rows(partition)) == [b"acme/c1"]


def test_a_worker_that_knows_the_settings_later_than_the_timer_frees_the_call_the_next_day() -> (
    None
):
    """The partition moves to it while the command is under way: it refuses; the timer does not give up."""
    partition = partition_of().take(waits())
    sent, knows = fire(partition), partition.rules
    partition.rules = freeing(0)
    partition.take(*sent)
    assert partition.outcomes["rejected.not_due"] == 1

    partition.rules = knows
    partition.take(*sent).take(*fire(partition, LATER + HOUR))
    assert frees(partition) == []
    partition.take(*fire(partition, LATER + DAY))

    assert len(frees(partition)) == 1
    assert rows(partition) == {}


def test_a_command_for_what_waits_no_more_is_refused() -> None:
    partition = partition_of().take(waits())
    sent = fire(partition)
    partition.take(correction(2)).take(*sent)

    assert partition.outcomes["rejected.not_due"] == 1
    assert partition.outcomes["rated"] == 1
    assert (rows(partition), frees(partition)) == ({}, [])


def test_a_command_of_a_tenant_that_is_not_there_is_refused() -> None:
    said = order("free_call", cdr_id="c1", version=1)
    partition = partition_of().take(command({**said, "tenant_id": "nobody"}))

    assert partition.outcomes["rejected.unknown_tenant"] == 1


def test_a_later_version_that_has_a_price_ends_the_waiting() -> None:
    partition = partition_of().take(waits(), correction(2))

    assert (partition.outcomes["rated"], rows(partition)) == (1, {})
    assert partition.suspense_changelog == {b"acme/c1": None}


def test_a_later_version_without_a_price_waits_instead_and_as_long_as_itself() -> None:
    partition = partition_of().take(waits(), correction(2, NOW + HOUR, to=NOWHERE))
    assert (row(partition).version, row(partition).at_ms) == (2, NOW + HOUR)
    assert fire(partition) == []

    partition.take(*fire(partition, LATER + HOUR))

    (entry,) = frees(partition)
    assert entry["version"] == 2
    partition.take(waits(LATER + HOUR, ended_ms=NOW))
    assert partition.outcomes["duplicate"] == 1
    partition.take(correction(3, LATER + HOUR))
    assert partition.entries()[-1]["reverses"] == entry["entry_id"]


def test_an_earlier_version_that_comes_later_does_not_replace_it() -> None:
    partition = partition_of().take(correction(2, to=NOWHERE), waits())

    assert row(partition).version == 2
    assert [json.loads(each).get("kept", False) for each in partition.suspense] == [True, False]


@pytest.mark.parametrize("is_first_before", [True, False])
def test_where_an_earlier_version_is_charged_a_later_one_is_never_freed(
    is_first_before: bool,  # noqa: FBT001
) -> None:
    sent = [call(), correction(2, to=NOWHERE)]
    partition = partition_of().take(*(sent if is_first_before else reversed(sent)))

    assert (row(partition).version, row(partition).charged) == (2, True)
    assert fire(partition, NOW + 80 * DAY) == []
    version = partition.rules.settings.at(NOW).version
    forced = free_command(row(partition), version, LATER)
    partition.take(Sent(ACCOUNT_TIMERS.name, b"acme", forced, LATER))
    assert partition.outcomes["rejected.not_due"] == 1


def test_where_that_charge_is_taken_back_by_a_void_it_is_freed_after_all() -> None:
    void = correction(2, kind="void")
    partition = partition_of().take(call(), correction(3, to=NOWHERE), void)

    assert (partition.outcomes["voided"], row(partition).charged) == (1, False)
    assert row(partition).voided
    assert len(fire(partition)) == 1


@pytest.mark.parametrize("is_void_before", [True, False])
def test_a_version_that_waits_knows_that_a_void_stands_below_it(
    is_void_before: bool,  # noqa: FBT001
) -> None:
    sent = [correction(2, kind="void"), correction(3, to=NOWHERE)]
    partition = partition_of().take(*(sent if is_void_before else reversed(sent)))

    assert (row(partition).charged, row(partition).voided) == (False, True)


def test_a_void_of_what_waits_is_a_charge_of_nothing_that_stands() -> None:
    partition = partition_of().take(waits(), correction(2, kind="void"))

    entry = partition.entries()[-1]
    assert (entry["reason"], entry["version"], entry["charge_micros"]) == ("voided", 2, 0)
    assert rows(partition) == {}
    partition.take(correction(2, kind="void"), waits(), correction(3))
    assert partition.outcomes["duplicate"] == 2
    assert partition.entries()[-1]["reverses"] == entry["entry_id"]


def test_where_corrections_are_not_taken_nothing_of_it_is_replaced() -> None:
    partition = partition_of(corrections=False).take(waits(), correction(2))

    assert partition.outcomes["suspended.correction_unsupported"] == 1
    partition.take(*fire(partition))
    assert len(frees(partition)) == 1


def test_a_closed_account_still_frees_what_waits() -> None:
    partition = partition_of().take(waits(), command(order("close_account", reason="x")))
    partition.take(*fire(partition))

    assert len(frees(partition)) == 1


HISTORY: list[Sent] = [
    waits(cdr_id="a"),
    waits(cdr_id="b"),
    correction(2, cdr_id="b"),
    correction(2, cdr_id="c", to=NOWHERE),
    call(cdr_id="c"),
    waits(cdr_id="d"),
    correction(2, cdr_id="d", kind="void"),
    waits(cdr_id="e"),
    correction(2, cdr_id="e", to=NOWHERE),
]


@pytest.mark.parametrize("size", [2, 3, 5, 9])
def test_where_a_batch_is_cut_changes_nothing_and_neither_does_a_restart(size: int) -> None:
    one, many = partition_of().take_each(HISTORY), partition_of()
    for at in range(0, len(HISTORY), size):
        restarted(many.take(*HISTORY[at : at + size]))

    assert dict(many.shard.suspense.items()) == dict(one.shard.suspense.items())
    sent = fire(one)
    assert [each.value for each in fire(many)] == [each.value for each in sent]
    one.take_each(sent)
    restarted(many).take(*sent)
    assert many.ledger == one.ledger
    assert [key for key, _ in many.shard.suspense.items()] == [b"acme/c"]


def test_beyond_a_limit_of_the_account_it_waits_in_suspense_alone_and_loudly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(open_suspense, "OPEN_CALLS_MAX", 2)
    partition = partition_of().take(*[waits(cdr_id=f"c{n}") for n in range(4)])

    assert list(rows(partition)) == [b"acme/c0", b"acme/c1"]
    assert partition.last.beyond == {"acme": 2}
    assert [json.loads(each).get("kept", False) for each in partition.suspense] == [
        *(True, True),
        *(False, False),
    ]
    # A version that replaces another needs no room; one that ends makes room.
    partition.take(correction(2, cdr_id="c0", to=NOWHERE), correction(2, cdr_id="c1"))
    partition.take(waits(cdr_id="c9"))
    assert list(rows(partition)) == [b"acme/c0", b"acme/c9"]
    assert partition.last.beyond == {}


def test_beyond_the_bytes_of_a_partition_likewise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_suspense, "OPEN_BYTES_MAX", 1_000)
    partition = partition_of().take(*[waits(cdr_id=f"c{n}") for n in range(4)])

    used = partition.shard.suspense.all.bytes_used
    assert 0 < used <= 1_000
    assert partition.last.beyond == {"acme": 4 - len(rows(partition))}


def test_an_ended_table_has_forgotten_all_its_counts() -> None:
    partition = partition_of().take(*HISTORY)
    keys = [key for key, _ in partition.shard.suspense.items()]
    partition.shard.suspense.put(dict.fromkeys(keys))

    ended = partition.shard.suspense
    assert (len(ended), ended.all.bytes_used, ended.later) == (0, 0, 0)
    assert (ended.all.calls, ended.words.calls, ended.words.bytes_used) == ({}, {}, 0)
    assert (ended.earliest(), ended.came_by(NOW + DAY)) == (None, [])


def test_the_earliest_days_come_first_and_so_many_at_most() -> None:
    sent = [waits(NOW + n * HOUR, cdr_id=f"c{n}", ended_ms=NOW) for n in range(40)]
    shard = partition_of().take(*sent).shard.suspense

    assert len(shard.came_by(NOW + 100 * HOUR)) == 40
    found: Sequence[tuple[bytes, int]] = shard.came_by(NOW + 30 * HOUR, 25)
    assert len(found) == 25
    assert {came for _, came in found} <= {NOW + n * HOUR for n in range(31)}
    assert shard.earliest() == (NOW, b"acme/c0")


def test_the_oldest_of_each_reason_is_known() -> None:
    later = waits(NOW + 30 * HOUR, cdr_id="c2", ended_ms=NOW, to="3635")
    sent = [waits(NOW + 26 * HOUR, cdr_id="c1", ended_ms=NOW), waits(NOW, cdr_id="c0"), later]
    shard = partition_of().take(*sent).shard.suspense

    assert shard.oldest() == {"no_rate": NOW, "short_number": NOW + 30 * HOUR}
    shard.put({b"acme/c0": None})
    assert shard.oldest() == {"no_rate": NOW + 26 * HOUR, "short_number": NOW + 30 * HOUR}


@pytest.mark.parametrize("value", [b"{", b"{}", b"[]", b'{"layout":2}', b"\xff"])
def test_a_row_that_is_none_of_ours_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError, match="suspense changelog"):
        SuspenseShard().load([(b"acme/c1", value)])


def test_a_row_without_a_key_is_refused() -> None:
    with pytest.raises(ValueError, match="without a key"):
        SuspenseShard().load([(None, b"{}")])


def test_the_longest_id_has_a_command_that_can_be_read() -> None:
    tenant, name = "t" * 64, "c" * 128
    longest = OpenSuspense(1, tenant, name, 1_000_000, NOW, "cdr.raw.v1", 7, 2**62, "no_rate", "{}")
    partition = partition_of()

    topic = BY_NAME[ACCOUNT_TIMERS.name]
    value = free_command(longest, 2**31 - 1, NOW)
    partition.take(Sent(topic.name, tenant.encode(), value, NOW))

    assert partition.outcomes["rejected.unknown_tenant"] == 1
