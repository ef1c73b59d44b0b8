"""Webhooks: a notification's JSON by POST, signed with a key of the tenant's own.

A tenant's key is HMAC-SHA256(master secret, tenant_id), so that no secret is in a topic and none needs a store. The
header `Rater-Signature: t=SECONDS,v1=HEX` holds HMAC-SHA256(key, "SECONDS." + body); a receiver recomputes it over
the body's bytes and refuses an old `t`. Whoever receives a `Rater-Notification-Id` twice has been told once.
"""

import hashlib
import hmac
from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    InvalidURL,
    TCPConnector,
)
from yarl import URL

from rater.shell.clock import now_ms
from rater.shell.notifier.addresses import ForbiddenAddressError, PublicResolver, check_literal
from rater.shell.notifier.attempt import Attempt, BeforeSending, Places
from rater.shell.notifier.settings import WEBHOOK_SECRET
from rater.wire.deliveries import Channel
from rater.wire.notifications import Notification
from rater.wire.outputs import encode

SCHEMA_VERSION: Final = 1
TIMEOUT_S: Final = 10.0
_LATER: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


def tenant_key(secret: str, tenant_id: str) -> bytes:
    """Return the key with which a tenant's webhooks are signed."""
    return hmac.digest(secret.encode(), tenant_id.encode(), hashlib.sha256)


def signature(key: bytes, at_s: int, body: bytes) -> str:
    """Return the value of the header `Rater-Signature`."""
    digest = hmac.digest(key, b"%d." % at_s + body, hashlib.sha256)
    return f"t={at_s},v1={digest.hex()}"


def webhook_body(value: bytes) -> bytes:
    """Return the body for a notification's record: its fields, and the version of their meaning."""
    return encode({"schema_version": SCHEMA_VERSION, **msgspec.json.decode(value)})


class Webhooks:
    """The channel `webhook`. `allow_insecure` takes http and any address: for tests and the demo."""

    name: Channel = "webhook"
    places = Places(
        "before_webhook_mark", "after_webhook_mark", "after_webhook", "after_webhook_sent_mark"
    )

    def __init__(
        self, secret: str | None, *, allow_insecure: bool, timeout_s: float = TIMEOUT_S
    ) -> None:
        """Connect to nothing yet; needs a running loop."""
        self._secret = secret
        self._allow_insecure = allow_insecure
        resolver = None if allow_insecure else PublicResolver()
        self._session = ClientSession(
            connector=TCPConnector(resolver=resolver, use_dns_cache=False, force_close=True),
            timeout=ClientTimeout(total=timeout_s),
            headers={"Content-Type": "application/json", "User-Agent": "rater-notifier"},
        )

    async def attempt(
        self, notice: Notification, value: bytes, recipient: str, before_sending: BeforeSending
    ) -> Attempt:
        """Post one notification to one URL."""
        if self._secret is None:
            return Attempt(
                "refused", f"{WEBHOOK_SECRET} is not set: nothing can be signed", "secret"
            )
        if trouble := self._forbidden(recipient):
            return Attempt("refused", trouble, "forbidden")
        await before_sending()
        body = webhook_body(value)
        at_s = now_ms() // 1_000
        headers = {
            "Rater-Signature": signature(tenant_key(self._secret, notice.tenant_id), at_s, body),
            "Rater-Notification-Id": _header_text(notice.notification_id),
        }
        try:
            async with self._session.post(
                URL(recipient), data=body, headers=headers, allow_redirects=False
            ) as answer:
                return _judged(answer.status)
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            return _failed(error)

    async def close(self) -> None:
        """Disconnect."""
        await self._session.close()

    def _forbidden(self, recipient: str) -> str:
        """Say why a URL may not be sent to, as far as it says so itself; "" when it may."""
        try:
            url = URL(recipient)
            if not url.host:
                return "the webhook's URL names no host"
            if self._allow_insecure:
                return ""
            check_literal(url.host)
        except ValueError:
            return "not a URL"
        except ForbiddenAddressError as error:
            return str(error)
        return "" if url.scheme == "https" else f"webhooks go to https only, not {url.scheme}"


def _judged(status: int) -> Attempt:
    """Return what a status means; redirects are not followed, so they too are tried again."""
    code = str(status)
    if HTTPStatus(HTTPStatus.OK) <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Attempt("sent", code=code)
    client_error = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if client_error and status not in _LATER:
        return Attempt("refused", f"HTTP status {status}", code)
    return Attempt("deferred", f"HTTP status {status}", code)


def _failed(error: Exception) -> Attempt:
    cause = error.os_error if isinstance(error, ClientConnectorError) else error
    if isinstance(cause, ForbiddenAddressError) or isinstance(
        error.__cause__, ForbiddenAddressError
    ):
        return Attempt(
            "refused", "the webhook's host leads to an address that is not public", "forbidden"
        )
    if isinstance(error, InvalidURL | UnicodeError):
        return Attempt("refused", "not a URL", "url")
    return Attempt("deferred", f"POST: {type(error).__name__}", type(error).__name__)


def _header_text(text: str) -> str:
    """Return an id as a header carries it: as it is, or percent-encoded where it is not printable ASCII."""
    return "".join(
        c if "!" <= c <= "~" and c != "%" else "".join(f"%{b:02X}" for b in c.encode())
        for c in text
    )
