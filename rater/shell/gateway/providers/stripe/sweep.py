"""The sweep: refunds and disputes that no webhook told of are found by listing, at the start and every hour after it.

Stripe sends a webhook again for three days; a gateway that was away for longer, or has no port for webhooks, finds here
what was made in the last SWEPT_S. What has been told already is told again after a restart, which recharge knows as a
duplicate. What is older, and was told by no webhook, is not found: that is for an operator's eyes.
"""

import asyncio
import logging
from typing import Any

import stripe

from rater.shell.gateway.providers.provider import LateOutcome, Publish, TroubleError
from rater.shell.gateway.providers.stripe.errors import answered
from rater.shell.gateway.providers.stripe.intents import Intent
from rater.shell.gateway.providers.stripe.reversals import intent_id_of, moved_back
from rater.shell.process.clock import now_ms

SWEEP_EVERY_S = 3_600.0
AFTER_TROUBLE_S = 60.0
SWEPT_S = 130 * 86_400
"""Longer than any card scheme lets a dispute come late (120 days)."""
PAGE = 100
_MINE = {"limit": PAGE, "expand": ["data.payment_intent"]}

log = logging.getLogger(__name__)


async def moved_back_of(client: stripe.StripeClient, intent: Intent) -> LateOutcome | None:
    """Ask for all refunds and disputes of a payment; TroubleError where they cannot be had."""
    of: Any = {"payment_intent": str(intent["id"]), "limit": PAGE}
    refunds = await _all(client.v1.refunds.list_async(of))
    disputes = await _all(client.v1.disputes.list_async(of))
    return moved_back(intent, refunds, disputes)


async def sweep_for_ever(client: stripe.StripeClient, publish: Publish) -> None:
    """Tell what is new since the last time, until cancelled."""
    sweep = Sweep(client)
    while True:
        wait_s = SWEEP_EVERY_S
        try:
            for found in await sweep.news():
                await publish(found)
        except TroubleError as trouble:
            log.warning(
                "refunds and disputes could not be listed: %(trouble)s", {"trouble": trouble}
            )
            wait_s = max(AFTER_TROUBLE_S, trouble.retry_after_s)
        await asyncio.sleep(wait_s)


class Sweep:
    """Lists what was moved lately, and asks for the whole of each payment that is new there, or other than before.

    The list alone would not do: what went back of a payment before SWEPT_S belongs to its sum, too.
    """

    def __init__(self, client: stripe.StripeClient) -> None:
        """Nothing has been told yet."""
        self._client = client
        self._seen: dict[str, list[tuple[object, ...]]] = {}

    async def news(self) -> list[LateOutcome]:
        """Return what is known of all payments of which money was moved since the last time; TroubleError."""
        told: list[LateOutcome] = []
        seen = dict(self._seen)
        for intent_id, (intent, moves) in (await self._listed()).items():
            if seen.get(intent_id) != moves:
                outcome = await moved_back_of(self._client, intent)
                told += [] if outcome is None else [outcome]
                seen[intent_id] = moves
        self._seen = seen
        return told

    async def _listed(self) -> dict[str, tuple[Intent, list[tuple[object, ...]]]]:
        """Return the payments in the lists, each with what can change of its refunds and disputes."""
        since: Any = {**_MINE, "created": {"gte": now_ms() // 1_000 - SWEPT_S}}
        listed: dict[str, tuple[Intent, list[tuple[object, ...]]]] = {}
        services: tuple[Any, Any] = (self._client.v1.refunds, self._client.v1.disputes)
        for service in services:
            for moved in await _all(service.list_async(since)):
                intent, intent_id = moved.get("payment_intent"), intent_id_of(moved)
                if intent_id is not None and isinstance(intent, dict):
                    moves = listed.setdefault(intent_id, (intent, []))[1]
                    moves.append((moved.get("id"), moved.get("status"), moved.get("amount")))
        return listed


async def _all(listed: Any) -> list[dict[str, Any]]:
    """Return all pages of a list."""
    try:
        page = await answered(listed)
        return await answered(_read(page))
    except stripe.StripeError as error:
        log.error(  # noqa: TRY400
            "refunds or disputes: Stripe refused: %(status)s, %(code)s",
            {"status": error.http_status, "code": error.code},
        )
        raise TroubleError(str(error.http_status)) from None


async def _read(page: Any) -> list[dict[str, Any]]:
    return [each.to_dict() async for each in page.auto_paging_iter()]
