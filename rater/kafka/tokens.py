"""Tokens of OAUTHBEARER: asked for with the client's own credentials, kept until most of their time is over.

Faust reads in a thread and a loop of its own, and asks here from both. Nothing of a loop is kept: a request has a
session of its own, and what is remembered lies behind a lock of threads.
"""

from __future__ import annotations

import ssl
import threading
from base64 import b64encode
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlsplit

import aiohttp
import orjson
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaError

from rater.host import is_host, without_login
from rater.kafka.setting_error import SettingError
from rater.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

FRESH = 0.8
"""The part of its time for which a token is used for new connections, as Kafka's own clients do."""
ANSWER_S = 10.0
ANSWER_BYTES_MAX = 64 * 1024
TOLD_MAX = 200
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class TokenError(KafkaError):  # type: ignore[misc]
    """There is no token to be had. aiokafka takes it for a connection that failed, which it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSource:
    """Where tokens come from, and for whom."""

    url: str
    client_id: str
    client_secret: Secret
    scope: str | None = None
    ca_file: Path | None = None
    """Who may have signed the certificate of the token endpoint; None: whom this machine trusts."""


class TokenProvider(AbstractTokenProvider):  # type: ignore[misc]
    """Gives a token that is not about to expire, to any loop that asks."""

    def __init__(self, source: TokenSource, now: Callable[[], float] = monotonic) -> None:
        self.source = source
        self._now = now
        self._lock = threading.Lock()
        self._token: Secret | None = None
        self._fresh_until = 0.0

    def __repr__(self) -> str:
        """Show whose tokens, and none of them."""
        return f"TokenProvider({self.source.client_id!r} at {self.source.url})"

    async def token(self) -> str:
        """Return a token; TokenError when the endpoint gives none."""
        with self._lock:
            if self._token is not None and self._now() < self._fresh_until:
                return self._token.reveal()
        asked_at = self._now()
        # Two loops may ask at the same time; both tokens are good.
        token, lifetime_s = _read(*await self._ask(), self.source)
        with self._lock:
            self._token, self._fresh_until = token, asked_at + FRESH * lifetime_s
        return token.reveal()

    async def _ask(self) -> tuple[int, bytes]:
        source = self.source
        form = {"grant_type": "client_credentials"} | (
            {"scope": source.scope} if source.scope else {}
        )
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_S)) as session,
                session.post(
                    source.url, data=form, headers=_login(source), ssl=_tls(source),
                    allow_redirects=False,
                ) as answer,
            ):  # fmt: skip
                return answer.status, await _body(answer.content)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _refused(source, str(error) or type(error).__name__) from None


async def _body(content: aiohttp.StreamReader) -> bytes:
    """Read an answer, and no more of it than an answer takes."""
    body = b""
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            break
    return body


def _login(source: TokenSource) -> dict[str, str]:
    """Return the header of RFC 6749, 2.3.1."""
    pair = f"{quote_plus(source.client_id)}:{quote_plus(source.client_secret.reveal())}"
    return {
        "Authorization": f"Basic {b64encode(pair.encode()).decode()}",
        "Accept": "application/json",
    }


def _tls(source: TokenSource) -> ssl.SSLContext | bool:
    """Return the context of one request: made anew, so that a CA file that was replaced is taken."""
    if source.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=source.ca_file)
    except OSError as error:
        raise _refused(source, f"CA file {source.ca_file}: {error}") from None


def _read(status: int, body: bytes, source: TokenSource) -> tuple[Secret, float]:
    """Return the token and for how many seconds it is good; 0.0 where the endpoint does not say."""
    try:
        answer: Any = orjson.loads(body)
    except ValueError:
        answer = None
    fields: dict[str, Any] = answer if isinstance(answer, dict) else {}
    if status != HTTPStatus.OK:
        why = " ".join(
            str(fields[name]) for name in ("error", "error_description") if name in fields
        )
        raise _refused(source, f"HTTP {status} {why}".strip())
    token, lifetime_s = fields.get("access_token"), fields.get("expires_in", 0)
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise _refused(source, "the answer has no access_token")
    # Some endpoints have it as a text.
    is_text = isinstance(lifetime_s, str) and lifetime_s.isascii() and lifetime_s.isdecimal()
    if is_text or (isinstance(lifetime_s, int | float) and not isinstance(lifetime_s, bool)):
        return Secret(token), max(float(lifetime_s), 0.0)
    return Secret(token), 0.0


def _refused(source: TokenSource, why: str) -> TokenError:
    shown = "".join(c if c.isprintable() else "?" for c in why[:TOLD_MAX])
    return TokenError(f"no token for client {source.client_id} from {source.url}: {shown}")


def check_source(source: TokenSource) -> None:
    """Raise SettingError where the endpoint cannot be one: secrets go to nobody in the clear."""
    try:
        url = urlsplit(source.url)
        host, _ = url.hostname, url.port
    except ValueError:
        url, host = urlsplit(""), None
    if host is None or not is_host(host) or url.scheme not in {"http", "https"}:
        found = repr(without_login(source.url))
        raise SettingError("token_url", "an address https://host/path", found)
    if url.username is not None or url.password is not None:
        raise SettingError("token_url", "an address without a login", f"one of {host} with a login")
    if url.scheme == "http" and host not in LOOPBACK:
        raise SettingError("token_url", "https, but for this machine itself", repr(source.url))
    if source.ca_file is not None:
        try:
            ssl.create_default_context(cafile=source.ca_file)
        except OSError as error:
            why = getattr(error, "reason", None) or error.strerror or type(error).__name__
            found = f"{source.ca_file}: {why}"
            raise SettingError("token_ca_file", "a PEM file with certificates", found) from None
