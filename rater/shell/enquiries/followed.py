"""Followed: what came of a charge beyond the ledger: balance events, payments, and what people were told of."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from rater.core.limits import DAY_MS, SECOND_MS
from rater.shell.admin.log import Log
from topics.catalog import (
    BALANCE_EVENTS,
    NOTIFICATIONS,
    NOTIFIER_SENT,
    PAYMENT_COMMANDS,
    PAYMENT_RESULTS,
)
from topics.keys import tenant_in_front

Fields = dict[str, Any]
_WRITTEN_MS = 5 * SECOND_MS
"""An event is written with its entry."""
_FOLLOWS_MS = DAY_MS
"""A payment is tried again, answered and told of within so much; what comes later is another day's."""


async def events_of(
    log: Log, partition: int, tenant_id: str, seqs: Iterable[int], written_ms: int
) -> list[Fields] | None:
    """Return the events of some entries; None where they are kept no more."""
    start, _ = await log.bounds(BALANCE_EVENTS.name, partition)
    first = await log.from_time(BALANCE_EVENTS.name, partition, written_ms - _WRITTEN_MS)
    if start and first == start:
        return None
    wanted = frozenset(seqs)
    found = await _said(log, BALANCE_EVENTS.name, partition, tenant_id, (written_ms, _WRITTEN_MS))
    return [each for each in found if each.get("seq") in wanted]


async def followed(
    log: Log, partition: int, tenant_id: str, events: Sequence[Fields], written_ms: int
) -> list[Fields]:
    """Return payments that were asked for behind events, with their results, and what was told of them, and sent.

    Told is what has an event's own time, or names one of these payments.
    """
    if not events:
        return []
    times = {each["at_ms"] for each in events}
    later = (written_ms, _FOLLOWS_MS)
    commands = await _said(log, PAYMENT_COMMANDS.name, partition, tenant_id, later)
    begun = {each.get("recharge_id") for each in commands if each.get("requested_ms") in times}
    asked = [each for each in commands if each.get("recharge_id") in begun]
    names = {each["command_id"] for each in asked}
    results = await _said(log, PAYMENT_RESULTS.name, partition, tenant_id, later) if names else []
    came = [each for each in results if each.get("command_id") in names]
    payments = {each["payment_id"] for each in came if "payment_id" in each}
    notices = await _said(log, NOTIFICATIONS.name, partition, tenant_id, later)
    told = [
        each
        for each in notices
        if each.get("at_ms") in times or (payments and each.get("lot_id") in payments)
    ]
    sent = await _sent(log, partition, tenant_id, told, later)
    return [
        *({"topic": PAYMENT_COMMANDS.name, **each} for each in asked),
        *({"topic": PAYMENT_RESULTS.name, **each} for each in came),
        *({"topic": NOTIFICATIONS.name, **each} for each in told),
        *({"topic": NOTIFIER_SENT.name, **each} for each in sent),
    ]


async def _sent(
    log: Log, partition: int, tenant_id: str, told: Sequence[Fields], times: tuple[int, int]
) -> list[Fields]:
    """Return the notifier's marks of some notifications: of each recipient the last."""
    names = {each["notification_id"] for each in told}
    if not names:
        return []
    marks = await _said(log, NOTIFIER_SENT.name, partition, tenant_id, times)
    last = {
        (each["notification_id"], each["channel"], each["recipient"]): each
        for each in marks
        if each.get("notification_id") in names
    }
    return list(last.values())


def _read(value: bytes | None) -> Fields | None:
    """Return what a record says; None of what nobody can read, which is told of elsewhere."""
    try:
        said = msgspec.json.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return said if isinstance(said, dict) else None


async def _said(
    log: Log, topic: str, partition: int, tenant_id: str, times: tuple[int, int]
) -> list[Fields]:
    """Return the records of a tenant that were written from a little before a time to some while after it."""
    written_ms, after_ms = times
    first = await log.from_time(topic, partition, written_ms - _WRITTEN_MS)
    end = await log.from_time(topic, partition, written_ms + after_ms)
    key = tenant_id.encode()
    found: list[Fields] = []
    async for records in log.runs(topic, partition, first, end):
        mine = [each for each in records if tenant_in_front(each.key or b"") == key]
        found += [said for each in mine if (said := _read(each.value)) is not None]
    return found
