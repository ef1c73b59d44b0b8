"""Why a broker was not reached, or does not let us: said in one line, with what an operator needs to mend it.

aiokafka logs what went wrong with each address and raises that none of them would do; so after a start that failed
each address is tried once more, by one connection, whose error is seen whole.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Any, Protocol

from aiokafka.errors import (
    BrokerResponseError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from rater.host import is_host, without_login
from rater.kafka.certificate import described_bytes
from rater.kafka.rights import causes
from rater.kafka.security import PasswordLogin, Security, TokenLogin
from rater.kafka.setting_error import variable
from rater.kafka.tokens import TokenError

CONNECT_S = 3.0
TRY_S = 5.0
PORT_MAX = 65_535
_UNKNOWN_CA = {2, 18, 19, 20, 21, 27}
_EXPIRED, _NOT_YET = 10, 9
_OTHER_HOST = {62, 64}
"""`X509_V_ERR_...` of OpenSSL."""


class Dialled(Protocol):
    """What is asked here of a broker: `rater.kafka.broker.Broker`, which stands above this."""

    @property
    def security(self) -> Security:
        """How the way to it is secured."""

    def addresses(self) -> list[str]:
        """Return each `host:port`."""

    async def connection(self, host: str, port: int, **options: Any) -> Any:
        """Connect to one address as a client would."""


class NotReachedError(KafkaConnectionError):  # type: ignore[misc]
    """No address of the broker could be used; the message says why."""

    def __str__(self) -> str:
        """Return the message without the name of the class, which aiokafka puts in front."""
        return str(self.args[0])


class UnreachableError(NotReachedError):
    """Nobody takes a connection."""


class AddressError(UnreachableError):
    """What was given is no address."""


class RefusedError(NotReachedError):
    """Somebody takes connections, and does not let us in. To wait does not help, so services end."""


class TlsRefusedError(RefusedError):
    """TLS came to nothing."""


class LoginRefusedError(RefusedError):
    """The login was not accepted."""


def parted(address: str) -> tuple[str, int] | None:
    """Return host and port; None unless it is `host:port`."""
    host, colon, port = address.rpartition(":")
    is_port = port.isascii() and port.isdecimal() and 1 <= int(port[:6]) <= PORT_MAX
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not is_port or not is_host(host):
        return None
    return host, int(port)


def check_address(broker: Dialled) -> None:
    """Raise AddressError unless a text is `host:port`, or several of these with commas between them."""
    for address in broker.addresses():
        if parted(address) is None:
            found = without_login(address)[:200]
            raise AddressError(f"broker address must be host:port, found {found!r}")


async def why_not(broker: Dialled, failed: BaseException) -> BaseException:
    """Try each address; return the most telling error, or `failed` where one of them can be used now."""
    found = []
    for address in broker.addresses():
        error = await _tried(broker, address)
        if error is None:
            return failed
        found.append(error)
    refused = [error for error in found if isinstance(error, RefusedError)]
    return (refused or [UnreachableError(f"no Kafka broker answers at {broker}")])[0]


async def _tried(broker: Dialled, address: str) -> NotReachedError | None:
    """Connect to an address as a client does; return what is wrong with it, None: nothing."""
    at = parted(address)
    if at is None or not await _listens(*at):
        return UnreachableError(f"no Kafka broker answers at {address}")
    try:
        async with asyncio.timeout(TRY_S):
            connection = await broker.connection(*at, request_timeout_ms=int(TRY_S * 1000))
            try:
                answer = await connection.send(MetadataRequest([]))
            finally:
                connection.close()
    except (OSError, KafkaError, TimeoutError, ValueError, AssertionError) as error:
        return await _said(broker.security, address, error)
    # Instead of an error that aiokafka would understand: a broker that does not let us in names none.
    return None if answer.brokers else await _said(broker.security, address, KafkaConnectionError())


async def _listens(host: str, port: int) -> bool:
    with suppress(OSError, TimeoutError, UnicodeError):
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(host, port)
        writer.close()
        return True
    return False


async def _said(security: Security, address: str, error: BaseException) -> RefusedError:
    """Say what the error of a connection means."""
    for cause in causes(error):
        if isinstance(cause, ssl.SSLError):
            return TlsRefusedError(await _of_tls(security, address, cause))
        if isinstance(cause, TokenError):
            return LoginRefusedError(f"login to {address} came to nothing: {cause}")
        if isinstance(cause, BrokerResponseError) or (
            isinstance(cause, ValueError | AssertionError) and security.login is not None
        ):
            return LoginRefusedError(
                f"{address} refuses the login {_login(security)}: {_words(cause)}"
            )
    if isinstance(security.login, TokenLogin):
        why = "it hangs up on the token: is it of the issuer, the audience and the time that it wants?"
        return LoginRefusedError(f"{address} refuses the login {_login(security)}: {why}")
    if security.tls is not None:
        login = (
            ""
            if security.login
            else f"it wants a login ({variable('security_protocol')} is {security.protocol}), "
        )
        why = f"{login}does not accept what we present ({security.tls.files.presented()}), or speaks no TLS"
        return TlsRefusedError(f"{address} hangs up on our TLS: {why}")
    return RefusedError(
        f"{address} takes connections but does not let us in: it wants a login or TLS, "
        f"or it is no Kafka broker ({variable('security_protocol')} is {security.protocol})"
    )


def _login(security: Security) -> str:
    """Say by which mechanism and as whom we come."""
    login = security.login
    if isinstance(login, PasswordLogin):
        return f"{login.mechanism} of user {login.username!r}"
    if isinstance(login, TokenLogin):
        return f"{login.mechanism} of client {login.provider.source.client_id!r}"
    return "of nobody"


def _words(error: BaseException) -> str:
    if isinstance(error, UnsupportedSaslMechanismError):
        return f"it has no such mechanism ({variable('sasl_mechanism')})"
    if isinstance(error, SaslAuthenticationFailed) and error.args:
        return str(error.args[0])
    if isinstance(error, KafkaError):
        return type(error).__name__
    return "it does not know the password itself"


async def _of_tls(security: Security, address: str, error: ssl.SSLError) -> str:
    assert security.tls is not None, "an error of TLS, and no TLS"
    files = security.tls.files
    reason = str(getattr(error, "reason", "") or "")
    if isinstance(error, ssl.SSLCertVerificationError):
        host, port = parted(address) or (address, 0)
        theirs = await _their_certificate(host, port)
        why = _verification(error, host)
        return f"TLS to {address} refused by us: {why}; it is {theirs}; we trust {files.trust()}"
    if "ALERT" in reason and files.certificate_file is None:
        hint = f"({variable('certificate_file')})"
        return f"TLS to {address} refused by the broker: it wants a certificate, and we present none {hint}: {reason}"
    if "ALERT" in reason:
        return f"TLS to {address} refused by the broker: we present {files.presented()}: {reason}"
    return f"TLS to {address} came to nothing: it speaks no TLS there: {reason or type(error).__name__}"


def _verification(error: ssl.SSLCertVerificationError, host: str) -> str:
    code = error.verify_code
    if code in _UNKNOWN_CA:
        return "the broker's certificate is of an authority that we do not trust"
    if code in _OTHER_HOST:
        return f"the broker's certificate does not name {host}"
    if code == _EXPIRED:
        return "the broker's certificate has expired"
    if code == _NOT_YET:
        return "the broker's certificate is not valid yet"
    return f"the broker's certificate: {error.verify_message}"


async def _their_certificate(host: str, port: int) -> str:
    """Say what the broker presents, without believing it; nothing is sent there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
        tls: Any = writer.get_extra_info("ssl_object")
        shown: bytes | None = tls.getpeercert(binary_form=True)
        writer.close()
        if shown:
            return described_bytes(shown)
    return "not shown a second time"
