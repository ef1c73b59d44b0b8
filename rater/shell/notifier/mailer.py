"""E-mail by SMTP: connections that are reused, and a precise answer for every attempt.

MAIL and RCPT come before the `sending` mark, so that a server that is down, or that refuses an address, leaves no
doubt behind. Only a reply to DATA settles what follows; a connection that breaks before that reply leaves the
attempt in doubt.
"""

import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from rater.shell.notifier.attempt import Attempt, BeforeSending, Places
from rater.shell.notifier.digests import Told
from rater.shell.notifier.message import Sender, write_message
from rater.shell.notifier.settings import SmtpSettings
from topics.records.deliveries import Channel

log = logging.getLogger(__name__)

IDLE_S: Final = 30.0
"""A connection that was idle for longer is not used again: servers drop them."""
MAILS_MAX: Final = 100
"""Mails over one connection; some servers allow no more."""
_PERMANENT: Final = 500
_TROUBLE: Final = (SMTPException, OSError, TimeoutError)


@dataclass(slots=True)
class _Connection:
    client: SMTP
    mails: int = 0
    idle_since: float = 0.0


class Mailer:
    """The channel `email`. As many connections as attempts at a time; the caller bounds them."""

    name: Channel = "email"
    places = Places("before_sending_mark", "after_sending_mark", "after_smtp", "after_sent_mark")

    def __init__(self, settings: SmtpSettings, sender: Sender) -> None:
        """Connect to nothing yet; an unreadable CA file raises OSError."""
        self._settings = settings
        self._sender = sender
        self._tls = ssl.create_default_context(cafile=settings.ca_file)
        self._idle: list[_Connection] = []

    async def attempt(
        self, notice: Told, value: bytes, recipient: str, before_sending: BeforeSending
    ) -> Attempt:
        """Send one letter to one address."""
        try:
            message = write_message(notice, recipient, self._sender)
        except Exception as error:  # noqa: BLE001  # Nothing that a record says may end the notifier.
            return Attempt("unreadable", f"no letter can be written: {error!r}", "render")
        try:
            connection = await self._connection()
        except _TROUBLE as error:
            return _failed("connect", error, recipient)
        try:
            attempt = await self._converse(connection.client, recipient, message, before_sending)
        except BaseException:
            connection.client.close()
            raise
        self._keep(connection)
        return attempt

    async def close(self) -> None:
        """Say goodbye on every idle connection."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await _leave(connection.client)

    async def _converse(
        self, client: SMTP, recipient: str, message: bytes, before_sending: BeforeSending
    ) -> Attempt:
        try:
            await client.mail(self._sender.address)
        except _TROUBLE as error:
            return _failed("MAIL", error, recipient)
        if trouble := await _asked(lambda: client.rcpt(recipient), "RCPT", recipient):
            return trouble
        await before_sending()
        try:
            await client.data(message)
        except SMTPResponseException as error:
            return _answered("DATA", error, recipient)
        except _TROUBLE as error:
            client.close()
            detail = f"DATA: the connection broke before the server's answer: {_kind(error)}"
            return Attempt("in_doubt", detail, _kind(error))
        return Attempt("sent")

    async def _connection(self) -> _Connection:
        """Return a connection that answers: an idle one, else a new one."""
        while self._idle:
            connection = self._idle.pop()
            if monotonic() - connection.idle_since < IDLE_S:
                try:
                    await connection.client.rset()
                except _TROUBLE:
                    log.debug("an idle connection was dropped by the server")
                else:
                    return connection
            connection.client.close()
        client = self._new_client()
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return _Connection(client)

    def _new_client(self) -> SMTP:
        settings = self._settings
        return SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.user,
            password=settings.password if settings.user else None,
            local_hostname=self._sender.domain,
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",
            tls_context=None if settings.tls == "none" else self._tls,
            timeout=settings.timeout_s,
        )

    def _keep(self, connection: _Connection) -> None:
        connection.mails += 1
        connection.idle_since = monotonic()
        if connection.client.is_connected and connection.mails < MAILS_MAX:
            self._idle.append(connection)
        else:
            connection.client.close()


async def _asked(
    ask: Callable[[], Awaitable[object]], stage: str, recipient: str
) -> Attempt | None:
    """Ask something of which the server's refusal concerns the recipient; None when it agrees."""
    try:
        await ask()
    except SMTPResponseException as error:
        return _answered(stage, error, recipient)
    except _TROUBLE as error:
        return _failed(stage, error, recipient)
    return None


def _answered(stage: str, error: SMTPResponseException, recipient: str) -> Attempt:
    """Return what a reply means that is about this letter to this recipient: 5xx is for ever."""
    refused = error.code >= _PERMANENT
    return Attempt(
        "refused" if refused else "deferred", _told(stage, error, recipient), str(error.code)
    )


def _failed(stage: str, error: BaseException, recipient: str) -> Attempt:
    """Return what trouble means that is not about the recipient: a 5xx to us or to our sender is for us to mend."""
    if isinstance(error, SMTPResponseException):
        return Attempt("deferred", _told(stage, error, recipient), f"{stage} {error.code}")
    return Attempt("deferred", f"{stage}: {_kind(error)}", f"{stage} {_kind(error)}")


def _told(stage: str, error: SMTPResponseException, recipient: str) -> str:
    """Return what the server said, without the address."""
    text = " ".join(error.message.split()).replace(recipient, "(recipient)")
    return f"{stage}: {error.code} {text}"[:500]


def _kind(error: BaseException) -> str:
    return type(error).__name__


async def _leave(client: SMTP) -> None:
    try:
        await client.quit(timeout=2.0)
    except _TROUBLE:
        client.close()
