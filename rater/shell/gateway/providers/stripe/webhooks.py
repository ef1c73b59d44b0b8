"""Webhooks: what Stripe tells of its own accord, signed, at `POST /webhooks/stripe`.

200 is said only when the result is on the topic; until then Stripe sends it again, for days.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from aiohttp import web

from rater.secret import Secret
from rater.shell.gateway.providers.provider import Mode, Publish, TroubleError
from rater.shell.gateway.providers.stripe.intents import Intent
from rater.shell.gateway.providers.stripe.payments import StripePayments
from rater.shell.gateway.providers.stripe.reversals import EVENTS as REVERSALS
from rater.shell.gateway.providers.stripe.reversals import intent_id_of
from rater.shell.gateway.providers.stripe.sweep import moved_back_of
from rater.shell.gateway.providers.webhook_port import listening, webhook_server

PATH = "/webhooks/stripe"
REFUSED_EVERY_S = 60.0
EVENTS = (
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
)
"""Those that end a payment. `processing` and `requires_action` are steps on the way: nothing to tell yet."""

log = logging.getLogger(__name__)


class Webhooks:
    """The receiver of webhooks, and what makes results of them."""

    def __init__(
        self,
        payments: StripePayments,
        mode: Mode,
        secret: Secret,
        count: Callable[[str], None],
    ) -> None:
        self._payments = payments
        self._mode = mode
        self._secret = secret
        self._count = count
        self._publish: Publish | None = None
        self._refused = 0
        self._refused_told_at = -REFUSED_EVERY_S
        self._runner: web.ServerRunner | None = None

    async def listen(self, address: tuple[str, int]) -> None:
        """Take the port; WebhookPortError where it is taken. 503 is answered until there is somebody to tell."""
        server = webhook_server(PATH, self._receive, self._turn_away)
        self._runner, url = await listening(server, address)
        log.info("webhooks on %(url)s%(path)s", {"url": url, "path": PATH})

    @contextmanager
    def telling(self, publish: Publish) -> Iterator[None]:
        """Publish what webhooks tell, as long as it lasts."""
        self._publish = publish
        try:
            yield
        finally:
            self._publish = None

    async def close(self) -> None:
        """Close the server."""
        if self._runner is not None:
            await self._runner.cleanup()

    def _turn_away(self) -> None:
        self._count("refused")
        self._note_refused()

    async def _receive(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        outcome, status = await self._judge(body, request.headers.get("Stripe-Signature"))
        self._count(outcome)
        return web.Response(status=status, text=f"{outcome}\n")

    async def _judge(self, body: bytes, signature: str | None) -> tuple[str, int]:
        """Return what became of a webhook, and the HTTP status that says so."""
        try:
            event = self._payments.client.construct_event(
                body, signature, self._secret.reveal()
            ).to_dict()
        except Exception:  # noqa: BLE001  # A stranger's bytes: whatever they break, they are refused.
            self._note_refused()
            return "refused", 400
        try:
            if event.get("type") in REVERSALS:
                return await self._heed_reversal(event)
            return await self._heed(event) if event.get("type") in EVENTS else ("ignored", 200)
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            # Signed, and not what Stripe's documents say: it comes again for days, and somebody may look at it.
            log.error(  # noqa: TRY400
                "a webhook that is signed as ours cannot be read: %(error)r", {"error": error}
            )
            return "unreadable", 400

    def _note_refused(self) -> None:
        """Say once a minute that webhooks are refused; the metric counts them."""
        self._refused += 1
        if monotonic() - self._refused_told_at >= REFUSED_EVERY_S:
            self._refused_told_at = monotonic()
            why = "not signed as ours, too old, or no webhook at all"
            log.warning(
                "%(refused)d webhooks refused so far: %(reason)s",
                {"refused": self._refused, "reason": why},
            )

    async def _heed(self, event: dict[str, Any]) -> tuple[str, int]:
        """Tell what a webhook of ours says."""
        if self._publish is None:
            return "unready", 503
        intent = (event.get("data") or {}).get("object") or {}
        if intent.get("status") != "succeeded" and self._is_of_other_mode(intent):
            log.error(
                "a webhook of the other mode was ignored: this gateway's is %(mode)s",
                {"mode": self._mode},
            )
            return "other_mode", 200
        try:
            told = await self._payments.late_outcome(intent)
        except TroubleError as trouble:
            log.warning("a webhook waits: %(trouble)s", {"trouble": trouble})
            return "waiting", 503
        if told is None:
            return "ignored", 200
        await self._publish(told)
        return "result", 200

    async def _heed_reversal(self, event: dict[str, Any]) -> tuple[str, int]:
        """Tell what has become of the payment that a refund or a dispute is of; it is asked for anew."""
        if self._publish is None:
            return "unready", 503
        if self._is_of_other_mode(event):
            log.error(
                "a refund or dispute of the other mode was ignored: ours is %(mode)s",
                {"mode": self._mode},
            )
            return "other_mode", 200
        intent_id = intent_id_of((event.get("data") or {}).get("object") or {})
        if intent_id is None:
            return "ignored", 200
        try:
            told = await moved_back_of(
                self._payments.client, await self._payments.retrieve(intent_id)
            )
        except TroubleError as trouble:
            log.warning("a webhook waits: %(trouble)s", {"trouble": trouble})
            return "waiting", 503
        if told is None:
            return "ignored", 200
        await self._publish(told)
        return "result", 200

    def _is_of_other_mode(self, intent: Intent) -> bool:
        """Say whether our key cannot even ask for an intent; a success is told all the same, and quarantined."""
        return bool(intent.get("livemode")) != (self._mode == "live")
