"""Stripe's errors: what may pass by itself is trouble. No text is kept."""

from collections.abc import Awaitable
from typing import TypeVar

import aiohttp
import stripe

from rater.shell.gateway.provider import TroubleError

_RETRIED_BELOW_500 = (409, 429)
Answer = TypeVar("Answer")


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
    return float(text) if text.isdecimal() else 0.0
