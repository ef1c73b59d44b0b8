"""Time as commands: an account that is due gets one, and the engine decides."""

import asyncio
import json
from typing import Any

import pytest

from rater.kafka.broker import Broker
from rater.shell.process.timer import RESEND_MS, UNDER_WAY_MAX, DueTimer
from rater.wire.account.commands import decode_command
from rater.wire.outputs import expire_command, timer_command
from tests.build import DAY, NOW, UNIT, Sent, account, opened
from topics.catalog import ACCOUNT_TIMERS
from topics.records import CarryForward, ExpireLots

APRIL = 1_775_001_600_000


def test_the_command_names_the_account_as_it_is() -> None:
    command = decode_command(expire_command(account(seq=4), NOW))

    assert command == ExpireLots(f"expire/acme/{NOW}/4", "acme", NOW)


def test_the_command_of_the_longest_tenant_is_readable() -> None:
    longest = account(seq=2**53)
    longest.tenant_id = "t" * 64

    assert isinstance(decode_command(expire_command(longest, NOW)), ExpireLots)


def test_sent_again_it_is_a_duplicate() -> None:
    partition = opened(("L1", UNIT))
    ((key, _),) = partition.shard.accounts.due(NOW + 400 * DAY)
    due_ms = partition.account().due_ms
    value = expire_command(partition.account(), due_ms)
    sent = Sent(ACCOUNT_TIMERS.name, key, value, due_ms)
    partition.take(sent, sent).take(sent)

    kinds = [json.loads(entry)["kind"] for entry in partition.ledger]
    assert kinds.count("lot_expiry_warned") == 1
    assert partition.outcomes["duplicate"] == 2


def test_when_a_month_begins_the_account_is_carried_forward_and_once() -> None:
    partition = opened(("L1", UNIT))
    ((key, due_ms),) = partition.shard.accounts.due(NOW + 31 * DAY)
    value = timer_command(partition.account(), due_ms)
    sent = Sent(ACCOUNT_TIMERS.name, key, value, due_ms)
    partition.take(sent, sent).take(sent)

    assert decode_command(value) == CarryForward("carry/acme/2026-04", "acme", APRIL)
    kinds = [json.loads(entry)["kind"] for entry in partition.ledger]
    assert kinds.count("balance_carried_forward") == 1
    assert partition.outcomes["duplicate"] == 2
    assert partition.shard.accounts.due(APRIL + 29 * DAY) == []


def test_what_is_due_of_lots_before_the_month_ends_is_asked_for_alone() -> None:
    assert decode_command(timer_command(account(seq=4, carry_ms=APRIL), NOW)) == ExpireLots(
        f"expire/acme/{NOW}/4", "acme", NOW
    )


def test_so_many_commands_of_a_partition_are_on_their_way_at_once() -> None:
    sent: list[bytes] = []
    keys = [f"t{n}".encode() for n in range(UNDER_WAY_MAX + 3)]

    class Month:
        def due(self, _now_ms: int, most: int | None = None) -> list[tuple[bytes, int]]:
            return [(key, 1) for key in keys][:most]

        def get(self, key: bytes) -> bytes | None:
            return key

    class Producer:
        async def send(self, _topic: str, _value: bytes, *, key: bytes, **_: Any) -> None:
            sent.append(key)

        async def flush(self) -> None:
            pass

    timer = DueTimer(Broker("none:1"), "t", lambda _: Month(), lambda key, *_: key)
    timer._producer = Producer()

    assert asyncio.run(timer.tick(0)) == UNDER_WAY_MAX
    assert asyncio.run(timer.tick(0)) == 0
    del keys[:10]
    assert asyncio.run(timer.tick(0)) == 3
    assert len(sent) == UNDER_WAY_MAX + 3


def test_a_command_goes_under_the_tenants_key_and_what_does_not_come_back_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[bytes] = []
    clock = [NOW]
    monkeypatch.setattr("rater.shell.process.timer.now_ms", lambda: clock[0])
    waiting = {b"acme/c1": b"1", b"acme/c/2": b"2"}

    class Calls:
        def due(self, _now_ms: int, most: int | None = None) -> list[tuple[bytes, int]]:
            return [(key, 1) for key in waiting][:most]

        def get(self, key: bytes) -> bytes | None:
            return waiting.get(key)

    class Producer:
        async def send(self, _topic: str, _value: bytes, *, key: bytes, **_: Any) -> None:
            sent.append(key)

        async def flush(self) -> None:
            pass

    timer = DueTimer(Broker("none:1"), "t", lambda _: Calls(), lambda key, *_: key, "calls")
    timer._producer = Producer()

    assert asyncio.run(timer.tick(0)) == 2
    assert sent == [b"acme", b"acme"]
    waiting.clear()
    clock[0] += RESEND_MS
    assert asyncio.run(timer.tick(0)) == 0
    assert timer._sent == {}
