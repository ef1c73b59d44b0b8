"""Withdrawn consent, and commands after their time, on a real Kafka: killed before the charge, none is charged."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.e2e.gateway_stage import command, staged
from tests.e2e.logins import options
from tests.e2e.test_gateway_kafka import book_captures, killed_at, stripe_env
from tests.stripe_server import StripeServer
from topics.catalog import GATEWAY_GROUP, PAYMENT_COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker
    from tests.e2e.gateway_stage import Stage

SOON_S = 6


def cancel_of(command: dict[str, Any]) -> dict[str, Any]:
    """Return what takes a command back."""
    words = {name: value for name, value in command.items() if name != "answer_by_ms"}
    return {**words, "type": "cancel_payment", "reason": "disabled"}


async def lose_offsets(bootstrap: str) -> None:
    """Set the group back to the beginning of everything."""
    consumer = AIOKafkaConsumer(
        **options(bootstrap), group_id=GATEWAY_GROUP, enable_auto_commit=False
    )
    try:
        await consumer.start()
        numbers = range(PAYMENT_COMMANDS.partitions)
        partitions = [TopicPartition(PAYMENT_COMMANDS.name, number) for number in numbers]
        consumer.assign(partitions)
        await consumer.commit(dict.fromkeys(partitions, 0))
    finally:
        await consumer.stop()


async def finished(stage: Stage, commands: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Run a gateway until each command has a result and all is committed; return all results."""
    gateway = stage.start()
    await gateway.serving()
    results = await stage.settled(commands)
    gateway.signal(signal.SIGTERM)
    assert await gateway.ended() == 0, stage.logs()
    assert gateway.noise() == []
    return results


@pytest.mark.timeout(240)
@pytest.mark.parametrize("provider", ["simulator", "stripe"])
async def test_killed_between_look_up_and_charge_what_is_withdrawn_or_late_is_not_charged(
    private_broker: Broker, tmp_path: Path, provider: str
) -> None:
    book, method = tmp_path / "book", "sim:ok" if provider == "simulator" else "pm_card_visa"
    options = ["--book", str(book)] if provider == "simulator" else []

    def captures(server: StripeServer) -> Counter[str]:
        return book_captures(book) if provider == "simulator" else server.stripe.captures()

    with StripeServer() as server:
        env = stripe_env(server) if provider == "stripe" else {}
        async with staged(
            private_broker.bootstrap, tmp_path, "--provider", provider, *options, **env
        ) as stage:
            soon_ms = time.time_ns() // 1_000_000 + SOON_S * 1_000
            taken_back = command("back", method)
            late = command("late", method, answer_by_ms=soon_ms)
            wanted = command("wanted", method)
            await stage.give(taken_back)
            await killed_at(stage, "before_charge:1")
            await stage.give(late)
            await killed_at(stage, "before_charge:1")
            # Consent is withdrawn while no gateway runs, far behind the command in the log.
            fill = [command(f"fill-{n}", method) for n in range(150)]
            await stage.give(*fill)
            await stage.give(cancel_of(taken_back), wanted)
            await asyncio.sleep(max(0, soon_ms / 1_000 - time.time()) + 0.2)
            await killed_at(stage, "before_withdrawal:1")
            await killed_at(stage, "after_withdrawal:1")
            results = await finished(stage, [taken_back, late, wanted, *fill])

            told = {name: {r.get("code") for r in all_} for name, all_ in results.items()}
            assert {"cancelled"} == told[taken_back["command_id"]]
            assert {"expired"} == told[late["command_id"]]
            charged = captures(server)
            assert 0 == charged[taken_back["command_id"]] + charged[late["command_id"]]
            assert 151 == sum(charged.values())
            assert {1} == set(charged.values()) - {0}

            # Its own offsets lost and its keys forgotten, it reads everything again.
            await lose_offsets(stage.bootstrap)
            server.stripe.forget_keys()
            again = await finished(stage, [taken_back, late, wanted, *fill])
            assert captures(server) == charged
            assert 1 < max(len(all_) for all_ in again.values()), "nothing was told again"
            after = {name: {r.get("code") for r in all_} for name, all_ in again.items()}
            assert after == told
