"""A gateway to Stripe on a real Kafka: its canary tenants are paid for by the simulator, and by it alone (R32)."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from rater.shell.gateway.providers.declines import CANARY_METHOD
from rater.wire.settings.charging_settings import encode_settings
from tests.build import NOW, settings_version
from tests.e2e.broker import produce
from tests.e2e.gateway_stage import command, staged
from tests.e2e.test_gateway_kafka import stripe_env
from tests.stripe_server import StripeServer
from topics.catalog import CHARGING_SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker
    from tests.e2e.gateway_stage import Stage

CANARY = "canary"


def order(number: int, method: str, tenant: str = CANARY, **changes: Any) -> dict[str, Any]:
    names = {"command_id": f"{tenant}/r{number}/1", "recharge_id": f"{tenant}/r{number}"}
    return command(number, method, tenant_id=tenant, **names, **changes)


async def publish_settings(stage: Stage, version: int, *canaries: str) -> None:
    """Publish a version as if all had known it long ago: the first from before, others from now on."""
    since_ms = time.time_ns() // 1_000_000 if version > 1 else NOW
    settings = settings_version(version, since_ms, canary_tenants=canaries)
    await produce(stage.bootstrap, CHARGING_SETTINGS.name, [encode_settings(settings)], partition=0)


def last(results: dict[str, list[dict[str, Any]]], asked: dict[str, Any]) -> dict[str, Any]:
    return results[asked["command_id"]][-1]


async def told_twice(stage: Stage, asked: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Wait for the second result of a command; return all results."""
    for _ in range(200):
        results = await stage.results()
        if len(results[asked["command_id"]]) > 1:
            return results
        await asyncio.sleep(0.1)
    raise AssertionError(stage.logs())


@pytest.mark.timeout(120)
async def test_canaries_are_paid_by_the_simulator_all_others_by_stripe(
    private_broker: Broker, tmp_path: Path
) -> None:
    canary, real = order(1, "sim:ok"), order(2, "pm_card_visa")
    acme, playing = order(1, "pm_card_visa", "acme"), order(2, "sim:ok", "acme")
    with StripeServer() as server:
        env = stripe_env(server)
        options = ("--provider", "stripe")
        async with staged(private_broker.bootstrap, tmp_path, *options, **env) as stage:
            await publish_settings(stage, 1, CANARY)
            first = stage.start()
            await stage.give(canary, real, acme, playing)
            results = await stage.settled([canary, real, acme, playing])

            paid = last(results, canary)
            said = [paid[name] for name in ("outcome", "provider", "mode", "livemode")]
            assert said == ["succeeded", "simulator", "test", False]
            refused = last(results, real)
            assert (refused["outcome"], refused["code"]) == ("declined", CANARY_METHOD)
            assert (last(results, acme)["provider"], last(results, acme)["outcome"]) == (
                "stripe", "succeeded",
            )  # fmt: skip
            assert last(results, playing)["outcome"] == "declined"
            assert set(server.stripe.captures()) == {acme["command_id"]}

            # It is a canary no more, its book is lost with its gateway, and both are asked again.
            await publish_settings(stage, 2)
            first.kill()
            await stage.start().serving()
            later = order(3, "pm_card_visa")
            await stage.give(canary, later)
            await stage.settled([later])
            results = await told_twice(stage, canary)

        again = results[canary["command_id"]]
        assert again == [again[0]] * len(again)
        assert last(results, later)["provider"] == "stripe"
        captured = set(server.stripe.captures())
    assert captured == {acme["command_id"], later["command_id"]}
