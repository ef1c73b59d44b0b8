"""Contracts, credits and users on real Kafka: killed anywhere in a step, restarted, taken over: each is set once."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

from loadtest import stage
from rater.core.account.contract import BillingMode
from rater.core.account.entitlement import Entitlement
from rater.shell.process.failpoints import FAILPOINTS
from rater.wire.account.state import decode_account
from rater.wire.account.user_rows import decode_user
from tests.e2e.broker import consume, produce
from tests.e2e.charging_fleet import EXIT_KILLED, Fleet
from tests.e2e.charging_stage import reconciled
from tests.e2e.logins import session
from tests.e2e.places import TWO_OR_ALL, places
from topics import catalog

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker

COMMANDS = catalog.ACCOUNT_COMMANDS.name
SESSION = session(2)
"""What is killed is missed soon."""
KINDS = (
    *("account_opened", "entitlements_set", "credits_opened", "deck_warning"),
    *("billing_mode_set", "billing_state_changed"),
    *("user_set", "user_set"),
)


def commands(tenant: str) -> list[tuple[bytes, bytes]]:
    plan = {"plan_id": "domestic", "usage_country": "US", "licences": 115}
    return [
        said(tenant, "open_account", "o"),
        said(tenant, "set_entitlements", "e", entitlements=[plan]),
        said(tenant, "open_credits", "c", currency="USD", decks=["none"]),
        said(tenant, "set_billing_mode", "b", mode="post_paid"),
        said(tenant, "set_user", "ann", user_id="ann", usage_country="US"),
        said(tenant, "set_user", "bob", user_id="bob", usage_country="FR"),
    ]


def said(tenant: str, kind: str, command_id: str, **fields: Any) -> tuple[bytes, bytes]:
    head = {"type": kind, "tenant_id": tenant, "command_id": command_id}
    return tenant.encode(), json.dumps(head | fields).encode()


async def last_of(bootstrap: str, topic: str) -> dict[bytes, bytes]:
    return {x.key or b"": x.value or b"" for x in await consume(bootstrap, topic)}


@TWO_OR_ALL
async def test_killed_anywhere_contracts_and_users_are_as_they_were_set(
    private_broker: Broker, tmp_path: Path, extent: str
) -> None:
    bootstrap = private_broker.bootstrap
    await asyncio.to_thread(stage.create_topics, bootstrap)
    fleet = Fleet(bootstrap, tmp_path, SESSION)
    first_ms = int(time.time()) * 1_000 - 60_000
    killed_at = places(FAILPOINTS, extent)
    tenants = [f"killed-{place}" for place in killed_at]
    try:
        for place, tenant in zip(killed_at, tenants, strict=True):
            worker = fleet.start(failpoint=place)
            await fleet.settled()
            await produce(bootstrap, COMMANDS, commands(tenant), timestamp_ms=first_ms)
            assert await worker.ended() == EXIT_KILLED
            fleet.supervise()
            await fleet.settled()
            await fleet.obeyed(COMMANDS)
            await fleet.stop()
        await move_ann(fleet, tenants, first_ms + 1_000)
        await fleet.stop()
        assert await reconciled(bootstrap) == []
        entries = [
            json.loads(v.value or b"") for v in await consume(bootstrap, catalog.LEDGER.name)
        ]
        accounts = await last_of(bootstrap, catalog.ACCOUNTS_CHANGELOG.name)
        users = await last_of(bootstrap, catalog.USERS_CHANGELOG.name)
        assert len(users) == 2 * len(tenants)
        for tenant in tenants:
            kinds = [each["kind"] for each in entries if each["tenant_id"] == tenant]
            assert kinds == [*KINDS, "user_set"], tenant
            account = decode_account(accounts[tenant.encode()])
            assert (account.currency, account.decks) == ("USD", ("none",))
            contract = account.contract
            assert contract is not None
            assert contract.entitlements == [Entitlement("domestic", "US", first_ms, 115, 2)]
            assert contract.billing_modes == [BillingMode(first_ms, True, 5)]
            ann = decode_user(users[f"{tenant}/ann".encode()])
            assert [(each.seq, each.usage_country) for each in ann.terms] == [(7, "US"), (9, "GB")]
    finally:
        fleet.end()


async def move_ann(fleet: Fleet, tenants: list[str], at_ms: int) -> None:
    """Produce all of it again, then a change, to a worker that took over from a killed one: it has read all back."""
    first = fleet.start()
    await fleet.settled()
    again = [each for tenant in tenants for each in commands(tenant)]
    await produce(fleet.bootstrap, COMMANDS, again, timestamp_ms=at_ms)
    await fleet.obeyed(COMMANDS)
    fleet.start()
    await fleet.settled()
    fleet.kill(first)
    await fleet.settled()
    moved = [said(t, "set_user", "moved", user_id="ann", usage_country="GB") for t in tenants]
    await produce(fleet.bootstrap, COMMANDS, moved, timestamp_ms=at_ms)
    await fleet.obeyed(COMMANDS)
