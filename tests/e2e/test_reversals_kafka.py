"""Refunds and disputes on a real Kafka: what a gateway that is killed did not tell, the next one finds and tells."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from loadtest.watch import watching
from tests.e2e.gateway_stage import EXIT_KILLED, WEBHOOK_SECRET, command, staged
from tests.e2e.test_gateway_kafka import WEBHOOK_STEPS, post, stripe_env
from tests.stripe_server import StripeServer
from topics.catalog import GATEWAY_GROUP, PAYMENT_COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.kafka.broker import Broker

pytestmark = pytest.mark.kafka


@pytest.fixture
def stripe_server() -> Iterator[StripeServer]:
    with StripeServer() as server:
        yield server


def event_of(kind: str, moved: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "livemode": False,
        "data": {"object": moved},
    }


@pytest.mark.timeout(240)
@pytest.mark.parametrize("place", WEBHOOK_STEPS)
async def test_a_refund_that_a_killed_gateway_did_not_tell_is_told_by_the_next(
    private_broker: Broker, tmp_path: Path, stripe_server: StripeServer, place: str
) -> None:
    server = stripe_server.stripe
    paid = command(place, "pm_card_visa")
    options = ("--provider", "stripe", "--webhook-port", "0")
    env = stripe_env(stripe_server)
    async with staged(private_broker.bootstrap, tmp_path, *options, **env) as stage:
        dying = stage.start(failpoint=place)
        await stage.give(paid)
        await stage.settled([paid])
        # Killed before that, it would tell of the payment again, and nothing here is about that.
        async with watching(private_broker.bootstrap, GATEWAY_GROUP) as watch:
            await watch.until_done(PAYMENT_COMMANDS.name, timeout_s=30.0)
        port = await dying.webhook_port()
        (intent_id,) = server.intents
        refund = server.move("refunds", intent_id, 5_000, "succeeded")
        event = event_of("charge.refunded", refund)
        assert await asyncio.to_thread(post, port, event, secret=WEBHOOK_SECRET) == 0
        assert await dying.ended() == EXIT_KILLED
        before = len((await stage.results())[paid["command_id"]])

        heir = stage.start()
        await heir.serving()
        for _ in range(100):
            told = (await stage.results())[paid["command_id"]]
            if len(told) > before:
                break
            await asyncio.sleep(0.1)
        port = await heir.webhook_port()
        server.move("disputes", intent_id, 15_000, "won")
        event = event_of("charge.dispute.closed", server.moved["disputes"][0])
        assert await asyncio.to_thread(post, port, event, secret=WEBHOOK_SECRET) == 200
        told = (await stage.results())[paid["command_id"]]

    assert "succeeded" == told[0]["outcome"]
    swept = told[1:-1]
    assert swept
    assert {("reversed", 50_000_000)} == {(r["outcome"], r["reversed_micros"]) for r in swept}
    last = told[-1]
    assert (200_000_000, 150_000_000) == (last["reversed_micros"], last["restored_micros"])
    assert (intent_id, paid["tenant_id"]) == (last["payment_id"], last["tenant_id"])
