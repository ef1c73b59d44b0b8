"""Stripe: PaymentIntents of stored methods, off-session, by the official package.

The look-up is exact: Stripe's lists are consistent at once, so the customer's intents since the command was
written are listed and matched by metadata. `search` may lag by a minute (an hour in outages) and does not exist in
India; it stands in only where a command names no customer, and there the idempotency key, kept for 24 hours,
covers what search does not show yet.
"""

import logging
from typing import Any

import aiohttp
import stripe

from rater.shell.clock import now_ms
from rater.shell.gateway.declines import declined
from rater.shell.gateway.minor_units import to_minor
from rater.shell.gateway.provider import (
    LateOutcome,
    Outcome,
    Provider,
    Publish,
    TroubleError,
    Unclear,
)
from rater.shell.gateway.reversal_sweep import sweep_for_ever
from rater.shell.gateway.stripe_errors import answered
from rater.shell.gateway.stripe_intents import (
    OUR_KEYS,
    CancelReason,
    Intent,
    Open,
    belongs_to,
    code_of,
    foremost,
    late_outcome,
    outcome_of,
)
from rater.shell.secret import Secret
from rater.wire.payments import PaymentCommand

REQUEST_TIMEOUT_S = 20
PAGE = 100
LIST_SINCE_MARGIN_S = 9 * 86_400
"""Before the command's stream time. Records may be dated up to 8 days ahead of the clock that Stripe goes by."""

AT_WORK_MS = 120_000
"""How long an intent may be open because Stripe is still at it."""

_KEY_REFUSED = Unclear("the provider refused our API key: see the gateway's log")

log = logging.getLogger(__name__)


class StripeProvider:
    """The adapter; `api_base` is Stripe's own unless a test says otherwise."""

    name = "stripe"

    def __init__(self, key: Secret, api_base: str | None = None) -> None:
        # The package logs requests and answers, card data included: it gets no say.
        logging.getLogger("stripe").setLevel(logging.CRITICAL)
        stripe.enable_telemetry = False
        timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S)
        self._http = stripe.AIOHTTPClient(timeout=timeout)
        self.client = stripe.StripeClient(
            key.reveal(),
            http_client=self._http,
            base_addresses={"api": api_base} if api_base else {},
            max_network_retries=0,
        )
        self._intents = self.client.v1.payment_intents

    async def look_up(self, command: PaymentCommand) -> Outcome | None:
        """Find the command's intent; see the module for why this is exact."""
        try:
            listed = self._list(command) if command.customer else self._search(command)
            found = await answered(listed)
        except stripe.InvalidRequestError as error:
            if error.code == "resource_missing":
                return None  # No such customer: the charge will say so.
            return _refused("look_up", error)
        except (stripe.AuthenticationError, stripe.PermissionError) as error:
            return _refused("look_up", error)
        intent = foremost(found)
        return None if intent is None else await self.conclude(intent)

    async def _list(self, command: PaymentCommand) -> list[Intent]:
        since = max(0, command.requested_ms // 1_000 - LIST_SINCE_MARGIN_S)
        page = await self._intents.list_async(
            {"customer": str(command.customer), "created": {"gte": since}, "limit": PAGE}
        )
        intents = [i.to_dict() async for i in page.auto_paging_iter()]
        return [intent for intent in intents if belongs_to(intent, command.command_id)]

    async def _search(self, command: PaymentCommand) -> list[Intent]:
        quoted = command.command_id.replace("\\", "\\\\").replace('"', '\\"')
        page = await self._intents.search_async(
            {"query": f'metadata["command_id"]:"{quoted}"', "limit": PAGE}
        )
        intents = [intent.to_dict() for intent in page.data]
        # Search does not tell upper from lower case.
        return [intent for intent in intents if belongs_to(intent, command.command_id)]

    async def charge(self, command: PaymentCommand) -> Outcome:
        """Create and confirm an intent in one request."""
        amount = to_minor(command.amount_micros, command.currency)
        if amount is None:
            return declined("amount_not_representable")
        try:
            intent = await answered(self._create(command, amount))
        except stripe.StripeError as error:
            return await self._failed(command, error)
        return await self.conclude(intent.to_dict())

    async def _create(self, command: PaymentCommand, amount: int) -> stripe.PaymentIntent:
        params: Any = {
            "amount": amount,
            "currency": command.currency.lower(),
            "payment_method": command.method,
            "confirm": True,
            "off_session": True,
            # Methods that send their holder to another page need somebody there, and a page to return to.
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "metadata": {name: getattr(command, name) for name in OUR_KEYS},
        }
        if command.customer is not None:
            params["customer"] = command.customer
        return await self._intents.create_async(params, {"idempotency_key": command.command_id})

    async def _failed(self, command: PaymentCommand, error: stripe.StripeError) -> Outcome:
        """Return what an error that is no trouble says of the charge; what it leaves open is looked up."""
        body = _body(error)
        if intent := body.get("payment_intent"):
            return await self.conclude({**intent, "last_payment_error": _merged(intent, body)})
        if isinstance(error, stripe.CardError):
            return declined(code_of(body))
        if isinstance(error, stripe.InvalidRequestError) and not _is_late(error):
            log.warning("command %s: refused: %s, %s", command.command_id, error.code, error.param)
            return declined(error.code or "request_refused")
        if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
            return _refused("charge", error)
        found = await self.look_up(command)
        return found or Unclear(f"the provider answered {type(error).__name__}")

    async def conclude(self, intent: Intent) -> Outcome:
        """Return what an intent says; one that is still open is cancelled first, so that it cannot be paid later."""
        outcome = outcome_of(intent)
        if isinstance(outcome, Open) and not _may_be_at_work(intent, outcome):
            outcome = outcome_of(await self._cancelled(outcome.intent_id, outcome.reason))
        if isinstance(outcome, Open):
            return Unclear("the provider has not decided yet (open)")
        return outcome

    async def _cancelled(self, intent_id: str, reason: CancelReason) -> Intent:
        """Cancel an intent; if it has been paid or closed meanwhile, return it as it is."""
        try:
            cancelling = self._intents.cancel_async(intent_id, {"cancellation_reason": reason})
            return (await answered(cancelling)).to_dict()
        except stripe.StripeError:
            return await self.retrieve(intent_id)

    async def retrieve(self, intent_id: str) -> Intent:
        """Return an intent as it is now; TroubleError when it cannot be had."""
        try:
            return (await answered(self._intents.retrieve_async(intent_id))).to_dict()
        except stripe.StripeError as error:
            raise TroubleError(str(error.http_status)) from None

    async def late_outcome(self, intent: Intent) -> LateOutcome | None:
        """Return what a webhook's intent says; None where it says nothing, or is not ours.

        Webhooks come late and in any order: only money is believed as it was written then, all else is asked anew.
        """
        if late_outcome(intent, Unclear("")) is None:
            return None
        if intent.get("status") != "succeeded":
            intent = await self.retrieve(str(intent.get("id")))
        outcome = await self.conclude(intent)
        return None if isinstance(outcome, Unclear) else late_outcome(intent, outcome)

    async def tell_late_outcomes(self, publish: Publish) -> None:
        """Tell of refunds and disputes; what else Stripe tells by itself needs a port for its webhooks."""
        await sweep_for_ever(self.client, publish)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call]


_: type[Provider] = StripeProvider


def _may_be_at_work(intent: Intent, found: Open) -> bool:
    """Say whether Stripe may just be confirming the intent, for a gateway that was killed a moment ago."""
    if found.reason == "abandoned":
        return False
    return int(intent.get("created") or 0) * 1_000 > now_ms() - AT_WORK_MS


def _body(error: stripe.StripeError) -> dict[str, Any]:
    """Return the `error` object of an answer."""
    body = error.json_body
    inner = body.get("error") if isinstance(body, dict) else None
    return inner if isinstance(inner, dict) else {}


def _merged(intent: Intent, body: dict[str, Any]) -> Any:
    """Return the intent's own error; where the answer does not repeat it inside, the answer's."""
    return intent.get("last_payment_error") or {k: body.get(k) for k in ("code", "decline_code")}


def _is_late(error: stripe.InvalidRequestError) -> bool:
    """Say whether the request came when all was done: that is no failure, but to be looked up."""
    return error.code in ("payment_intent_unexpected_state", "idempotency_key_in_use")


def _refused(operation: str, error: stripe.StripeError) -> Unclear:
    """Say that we are not let in; nothing is known of the payment then."""
    log.error("%s: Stripe refused the request: %s, %s", operation, error.http_status, error.code)
    return _KEY_REFUSED
