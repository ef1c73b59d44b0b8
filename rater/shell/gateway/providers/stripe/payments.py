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

from rater.secret import Secret
from rater.shell.gateway.providers.provider import (
    Declined,
    LateOutcome,
    Outcome,
    Payments,
    TroubleError,
    Unknown,
)
from rater.shell.gateway.providers.stripe.declines import declined
from rater.shell.gateway.providers.stripe.errors import answered, body_of, is_late, merged, refused
from rater.shell.gateway.providers.stripe.intents import (
    CANCELLED_THERE,
    OUR_KEYS,
    WITHDRAWN,
    CancelReason,
    Intent,
    Open,
    belongs_to,
    code_of,
    foremost,
    late_outcome,
    outcome_of,
)
from rater.shell.gateway.providers.stripe.minor_units import to_minor
from rater.shell.process.clock import now_ms
from topics.records.payments import PaymentCommand, PaymentOrder

REQUEST_TIMEOUT_S = 20
PAGE = 100
LIST_SINCE_MARGIN_S = 9 * 86_400
"""Before the command's stream time. Records may be dated up to 8 days ahead of the clock that Stripe goes by."""

AT_WORK_MS = 120_000
"""How long an intent may be open because Stripe is still at it."""


log = logging.getLogger(__name__)


class StripePayments:
    """The payments; `api_base` is Stripe's own unless a test says otherwise."""

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

    async def look_up(self, order: PaymentOrder) -> Outcome | None:
        """Find the command's intent; see the module for why this is exact."""
        found = await self._find(order)
        return found if found is None or isinstance(found, Unknown) else await self.conclude(found)

    async def _find(self, order: PaymentOrder) -> Intent | Unknown | None:
        try:
            listed = self._list(order) if order.customer else self._search(order)
            return foremost(await answered(listed))
        except stripe.InvalidRequestError as error:
            if error.code == "resource_missing":
                return None  # No such customer: the charge will say so.
            return refused("look_up", error)
        except (stripe.AuthenticationError, stripe.PermissionError) as error:
            return refused("look_up", error)

    async def _list(self, order: PaymentOrder) -> list[Intent]:
        since = max(0, order.requested_ms // 1_000 - LIST_SINCE_MARGIN_S)
        page = await self._intents.list_async(
            {"customer": str(order.customer), "created": {"gte": since}, "limit": PAGE}
        )
        intents = [i.to_dict() async for i in page.auto_paging_iter()]
        return [intent for intent in intents if belongs_to(intent, order.command_id)]

    async def _search(self, order: PaymentOrder) -> list[Intent]:
        quoted = order.command_id.replace("\\", "\\\\").replace('"', '\\"')
        page = await self._intents.search_async(
            {"query": f'metadata["command_id"]:"{quoted}"', "limit": PAGE}
        )
        intents = [intent.to_dict() for intent in page.data]
        # Search does not tell upper from lower case.
        return [intent for intent in intents if belongs_to(intent, order.command_id)]

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
        params = _terms(command, amount) | {
            "payment_method": command.method,
            "confirm": True,
            "off_session": True,
        }
        return await self._intents.create_async(params, {"idempotency_key": command.command_id})

    async def _failed(self, command: PaymentCommand, error: stripe.StripeError) -> Outcome:
        """Return what an error that is no trouble says of the charge; what it leaves open is looked up."""
        body = body_of(error)
        if intent := body.get("payment_intent"):
            return await self.conclude({**intent, "last_payment_error": merged(intent, body)})
        if isinstance(error, stripe.CardError):
            return declined(code_of(body))
        if isinstance(error, stripe.InvalidRequestError) and not is_late(error):
            log.warning(
                "command %(command_id)s: refused: %(code)s, %(param)s",
                {
                    "command_id": command.command_id,
                    "recharge_id": command.recharge_id,
                    "tenant_id": command.tenant_id,
                    "code": error.code,
                    "param": error.param,
                },
            )
            return declined(error.code or "request_refused")
        if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
            return refused("charge", error)
        found = await self.look_up(command)
        return found or Unknown(f"the provider answered {type(error).__name__}")

    async def withdraw(self, order: PaymentOrder, code: str) -> Outcome:
        """Cancel the command's intent; where there is none, take its key, so that none can be made.

        The key is taken by an intent without a method, cancelled at once: a gateway that is just about to charge
        gets an idempotency error, looks up, and finds that.
        """
        found = await self._find(order) or await self._take_key(order, code)
        if isinstance(found, Unknown | Declined):
            return found
        outcome = outcome_of(found)
        if isinstance(outcome, Open | Unknown):
            cancelled = await self._cancelled(str(found.get("id")), "requested_by_customer")
            outcome = outcome_of(cancelled)
        if isinstance(outcome, Open):
            return Unknown("the provider has not decided yet (open)", is_undecided=True)
        is_ours = isinstance(outcome, Declined) and outcome.code == CANCELLED_THERE
        return declined(code, str(found.get("id"))) if is_ours else outcome

    async def _take_key(self, order: PaymentOrder, code: str) -> Intent | Unknown | Declined:
        """Make an intent that cannot be paid under the command's key; where the key is taken, find what took it."""
        amount = to_minor(order.amount_micros, order.currency)
        if amount is None:
            return declined(code)
        params = _terms(order, amount)
        params["metadata"][WITHDRAWN] = code
        key: Any = {"idempotency_key": order.command_id}
        try:
            return (await answered(self._intents.create_async(params, key))).to_dict()
        except (stripe.AuthenticationError, stripe.PermissionError) as error:
            return refused("withdraw", error)
        except stripe.InvalidRequestError as error:
            # Such an amount or customer cannot be charged either.
            if not is_late(error):
                return declined(code)
        except stripe.StripeError as error:
            log.info(
                "command %(command_id)s: its key is taken: %(error)s",
                {
                    "command_id": order.command_id,
                    "recharge_id": order.recharge_id,
                    "tenant_id": order.tenant_id,
                    "error": type(error).__name__,
                },
            )
        return await self._find(order) or Unknown(
            "the provider has a payment that it does not show"
        )

    async def conclude(self, intent: Intent) -> Outcome:
        """Return what an intent says; one that is still open is cancelled first, so that it cannot be paid later."""
        outcome = outcome_of(intent)
        if isinstance(outcome, Open) and not _may_be_at_work(intent, outcome):
            outcome = outcome_of(await self._cancelled(outcome.intent_id, outcome.reason))
        if isinstance(outcome, Open):
            return Unknown("the provider has not decided yet (open)", is_undecided=True)
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
        if late_outcome(intent, Unknown("")) is None:
            return None
        if intent.get("status") != "succeeded":
            intent = await self.retrieve(str(intent.get("id")))
        outcome = await self.conclude(intent)
        return None if isinstance(outcome, Unknown) else late_outcome(intent, outcome)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call]


_: type[Payments] = StripePayments


def _terms(order: PaymentOrder, amount: int) -> Any:
    """Return what an intent of ours says, whether it is to be paid or not."""
    terms: dict[str, Any] = {
        "amount": amount,
        "currency": order.currency.lower(),
        # Methods that send their holder to another page need somebody there, and a page to return to.
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": {name: getattr(order, name) for name in OUR_KEYS},
    }
    if order.customer is not None:
        terms["customer"] = order.customer
    return terms


def _may_be_at_work(intent: Intent, found: Open) -> bool:
    """Say whether Stripe may just be confirming the intent, for a gateway that was killed a moment ago."""
    if found.reason == "abandoned":
        return False
    return int(intent.get("created") or 0) * 1_000 > now_ms() - AT_WORK_MS
