"""Held payments: who waits for the end of a stop is due when it ends, once, after a restart, too."""

from rater.batch.recharge.batch import EVENTS, TIMERS
from rater.batch.recharge.held_payments import HeldPayments
from rater.core.charging_settings import SettingsBook
from tests.build import SETTINGS, settings_version
from tests.recharge_partition import (
    PAYMENTS,
    RechargePartition,
    event,
    methods_event,
    settings_event,
)
from tests.units import DAY, NOW

HELD = settings_version(1, NOW, payments_held=True)
NAMED = settings_version(2, NOW + DAY, payments_held_of=("acme",))
FREE = settings_version(3, NOW + 2 * DAY)


def held_partition() -> RechargePartition:
    """Return a partition with two tenants below their trigger, whose payments are held."""
    partition = RechargePartition()
    partition.held = SettingsBook(SETTINGS, [HELD, NAMED, FREE]).holds_payments
    for tenant in ("acme", "globex"):
        partition.tell(EVENTS, methods_event(tenant, "pm_1"))
        partition.tell(EVENTS, settings_event(tenant))
    return partition


def due(partition: RechargePartition, at_ms: int, *versions: object) -> list[tuple[bytes, int]]:
    book = SettingsBook(SETTINGS, versions or [HELD, NAMED, FREE])  # type: ignore[arg-type]
    return HeldPayments(partition.shard, book).due(at_ms)


def test_nobody_is_due_while_payments_are_held_and_then_who_is_not_named() -> None:
    partition = held_partition()

    assert partition.read(PAYMENTS) == []
    assert partition.shard.due(NOW + 9 * DAY) == []
    assert due(partition, NOW) == []
    assert due(partition, NOW + DAY) == [(b"globex", NOW + DAY)]
    both = [(b"acme", NOW + 2 * DAY), (b"globex", NOW + 2 * DAY)]
    assert due(partition, NOW + 2 * DAY) == both
    partition.restart()
    assert due(partition, NOW + 2 * DAY) == both


def test_at_most_so_many_are_due_at_once() -> None:
    partition = held_partition()
    book = SettingsBook(SETTINGS, [FREE])

    assert len(HeldPayments(partition.shard, book).due(NOW + 2 * DAY, 1)) == 1


def test_the_timer_asks_once_and_whoever_was_recharged_waits_no_more() -> None:
    partition = held_partition()
    tick = {"type": "recharge_due", "command_id": "t", "tenant_id": "globex", "due_ms": NOW + DAY}
    for _ in range(2):
        partition.tell(TIMERS, tick, at_ms=NOW + DAY)

    assert [each["tenant_id"] for each in partition.read(PAYMENTS)] == ["globex"]
    assert partition.outcomes["due"] == partition.outcomes["early"] == 1
    assert due(partition, NOW + DAY) == []
    assert due(partition, NOW + 2 * DAY) == [(b"acme", NOW + 2 * DAY)]


def test_when_the_next_is_due_is_known_where_a_version_says_so() -> None:
    partition = held_partition()

    def next_of(*versions: object) -> tuple[int, bytes] | None:
        book = SettingsBook(SETTINGS, versions)  # type: ignore[arg-type]
        return HeldPayments(partition.shard, book).next_ms(NOW)

    assert next_of(HELD, NAMED, FREE) == (NOW + DAY, b"globex")
    assert next_of(HELD) is None
    assert next_of(FREE) == (NOW, b"acme")


def test_a_crossing_of_a_late_call_is_held_by_when_its_event_was_written() -> None:
    partition = RechargePartition()
    partition.held = SettingsBook(
        SETTINGS, [settings_version(1, NOW + 1, payments_held=True)]
    ).holds_payments
    partition.tell(EVENTS, methods_event("acme", "pm_1"))
    partition.tell(EVENTS, settings_event("acme", balance_micros=10**9))
    crossing = {"threshold_id": "auto_recharge", "threshold_micros": 10**8, "cause": "charge"}
    late = event("acme", "threshold_crossed", **crossing)
    partition.tell(EVENTS, late, at_ms=NOW + 60_000)

    assert late["at_ms"] == NOW
    assert partition.read(PAYMENTS) == []
