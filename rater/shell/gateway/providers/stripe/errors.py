"""Stripe's errors: what may pass by itself is trouble, what refuses us says nothing of the payment. No text is kept."""

import logging
from collections.abc import Awaitable
from typing import Any, TypeVar

import aiohttp
import stripe

from rater.shell.gateway.providers.provider import TroubleError, Unknown
from rater.shell.gateway.providers.stripe.intents import Intent
from topics.numerals import whole_number

_RETRIED_BELOW_500 = (409, 429)
_KEY_REFUSED = Unknown("the provider refused our API key: see the gateway's log")
Answer = TypeVar("Answer")

log = logging.getLogger(__name__)


async def answered(request: Awaitable[Answer]) -> Answer:
    """Await an answer; whatever may pass by itself is a TroubleError, all else stays the error that it is."""
    try:
        return await request
    except stripe.APIConnectionError:
        raise TroubleError("connection") from None
    except (stripe.RateLimitError, stripe.APIError) as error:
        raise TroubleError(str(error.http_status), _retry_after_s(error)) from None
    except stripe.StripeError as error:
        _raise_if_passing(error)
        raise
    except (aiohttp.ClientError, TimeoutError, OSError):
        raise TroubleError("connection") from None


def _raise_if_passing(error: stripe.StripeError) -> None:
    status = error.http_status or 0
    if status in _RETRIED_BELOW_500 or status >= 500:  # noqa: PLR2004  # HTTP's own border.
        raise TroubleError(str(status), _retry_after_s(error)) from None


def _retry_after_s(error: stripe.StripeError) -> float:
    """Return what the answer's Retry-After asks for; 0 where it asks for nothing that can be read."""
    text = str((error.headers or {}).get("Retry-After", ""))
    try:
        return float(whole_number(text))
    except ValueError:
        return 0.0


def body_of(error: stripe.StripeError) -> dict[str, Any]:
    """Return the `error` object of an answer."""
    body = error.json_body
    inner = body.get("error") if isinstance(body, dict) else None
    return inner if isinstance(inner, dict) else {}


def merged(intent: Intent, body: dict[str, Any]) -> Any:
    """Return the intent's own error; where the answer does not repeat it inside, the answer's."""
    return intent.get("last_payment_error") or {k: body.get(k) for k in ("code", "decline_code")}


def is_late(error: stripe.InvalidRequestError) -> bool:
    """Say whether the request came when all was done: that is no failure, but to be looked up."""
    return error.code in ("payment_intent_unexpected_state", "idempotency_key_in_use")


def refused(operation: str, error: stripe.StripeError) -> Unknown:
    """Say that we are not let in; nothing is known of the payment then."""
    log.error(
        "%(operation)s: Stripe refused the request: %(status)s, %(code)s",
        {"operation": operation, "status": error.http_status, "code": error.code},
    )
    return _KEY_REFUSED
