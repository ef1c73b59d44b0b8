"""Webhooks: a notification's JSON by POST, signed with a key of the tenant's own (`webhook_keys`).

Headers and signature are those of Standard Webhooks (docs/operating/webhooks.md); whoever receives a `webhook-id` twice
has been told once. Nothing is kept between requests: no connection, no cookie, no resolved name; redirects are not
followed, and what a receiver answers is not read.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    TCPConnector,
)
from yarl import URL

from rater.shell.notifier.addresses import AddressPolicy, ForbiddenAddressError, PublicResolver
from rater.shell.notifier.attempt import Attempt, BeforeSending, Places
from rater.shell.notifier.circuits import Circuits
from rater.shell.notifier.digests import Told
from rater.shell.notifier.settings import WEBHOOK_SECRET
from rater.shell.notifier.webhook_keys import WebhookSecrets, signed_headers
from rater.shell.process.clock import now_ms
from rater.wire.outputs import encode
from topics.records.deliveries import Channel

SCHEMA_VERSION: Final = 1
TIMEOUT_S: Final = 10.0
_LATER: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


def webhook_body(value: bytes) -> bytes:
    """Return the body for a notification's record: its fields, and the version of their meaning."""
    return encode({"schema_version": SCHEMA_VERSION, **msgspec.json.decode(value)})


def host_of(url: str) -> str:
    """Return the host that a URL names; "" where it names none."""
    try:
        return URL(url).host or ""
    except ValueError:
        return ""


class Webhooks:
    """The channel `webhook`. A policy that is open takes http, too."""

    name: Channel = "webhook"
    places = Places(
        "before_webhook_mark", "after_webhook_mark", "after_webhook", "after_webhook_sent_mark"
    )

    def __init__(
        self,
        secrets: WebhookSecrets | None,
        policy: AddressPolicy,
        circuits: Circuits,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """Connect to nothing yet; needs a running loop."""
        self._secrets = secrets
        self._policy = policy
        self._circuits = circuits
        self._session = ClientSession(
            connector=TCPConnector(
                resolver=PublicResolver(policy),
                socket_factory=policy.make_socket,
                use_dns_cache=False,
                force_close=True,
                limit=0,
            ),
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=timeout_s),
            headers={"Content-Type": "application/json", "User-Agent": "rater-notifier"},
        )

    async def attempt(
        self, notice: Told, value: bytes, recipient: str, before_sending: BeforeSending
    ) -> Attempt:
        """Post one notification to one URL, unless the URL has failed so often that it is left alone."""
        if self._secrets is None:
            return Attempt(
                "refused", f"{WEBHOOK_SECRET} is not set: nothing can be signed", "secret"
            )
        if trouble := self._forbidden(recipient):
            return Attempt("refused", trouble, "forbidden")
        if not self._circuits.may_try(notice.tenant_id, recipient):
            return Attempt("deferred", "the URL has failed again and again: not asked", "circuit")
        await before_sending()
        keys = self._secrets.keys(notice.tenant_id).values()
        attempt = await self._post(notice, webhook_body(value), recipient, keys)
        told = self._circuits.failed if attempt.verdict == "deferred" else self._circuits.succeeded
        told(notice.tenant_id, recipient)
        return attempt

    async def close(self) -> None:
        """Disconnect."""
        await self._session.close()

    async def _post(self, notice: Told, body: bytes, url: str, keys: Iterable[bytes]) -> Attempt:
        headers = signed_headers(keys, notice.notification_id, now_ms() // 1_000, body)
        try:
            async with self._session.post(
                URL(url), data=body, headers=headers, allow_redirects=False
            ) as answer:
                return _judged(answer.status)
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            return _failed(error)

    def _forbidden(self, recipient: str) -> str:
        """Say why a URL may not be sent to, as far as it says so itself; "" when it may."""
        try:
            url = URL(recipient)
            if not url.host:
                return "the webhook's URL names no host"
            self._policy.check_literal(url.host)
        except ValueError:
            return "not a URL"
        except ForbiddenAddressError as error:
            return str(error)
        if self._policy.is_open or url.scheme == "https":
            return ""
        return f"webhooks go to https only, not {url.scheme}"


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
