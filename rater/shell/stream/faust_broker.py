"""The broker as Faust knows it: given as a URL and credentials in its settings, and read back for our own clients."""

from __future__ import annotations

from typing import Any

from faust import auth
from faust.transport.drivers.aiokafka import server_list

from rater.kafka.broker import Broker
from rater.kafka.security import PasswordLogin, Security, TokenLogin

SCHEME = "batchkafka"


def faust_options(broker: Broker) -> dict[str, Any]:
    """Return the settings of faust.App that say how the broker is reached."""
    options: dict[str, Any] = {
        "broker": ";".join(f"{SCHEME}://{address}" for address in broker.addresses())
    }
    credentials = _credentials(broker.security)
    if credentials is not None:
        # Faust's have no place for all of it (files of TLS, for messages), and keep what is given to them.
        credentials.security = broker.security
        options["broker_credentials"] = credentials
    return options


def _credentials(security: Security) -> Any:
    """Return what Faust makes the same options of as `Security.options`; None: none are needed."""
    context, login = security.tls and security.tls.context, security.login
    if isinstance(login, PasswordLogin):
        return auth.SASLCredentials(
            username=login.username,
            password=login.password.reveal(),
            mechanism=login.mechanism,
            ssl_context=context,
        )
    if isinstance(login, TokenLogin):
        return auth.OAuthCredentials(oauth_cb=login.provider, ssl_context=context)
    return None if context is None else auth.SSLCredentials(context)


def broker_of(app: Any) -> Broker:
    """Return the broker of an app."""
    transport, credentials = app.transport, app.conf.broker_credentials
    address = ",".join(server_list(transport.url, transport.default_port))
    return Broker(address) if credentials is None else Broker(address, credentials.security)
