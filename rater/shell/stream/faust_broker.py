"""The broker as Faust knows it: given as a URL in its settings, and read back where we make a client beside its own."""

from __future__ import annotations

from typing import Any

from faust.transport.drivers.aiokafka import server_list

from rater.kafka.broker import Broker

SCHEME = "batchkafka"


def faust_options(broker: Broker) -> dict[str, Any]:
    """Return the settings of faust.App that say how the broker is reached."""
    return {"broker": ";".join(f"{SCHEME}://{address}" for address in broker.addresses())}


def broker_of(app: Any) -> Broker:
    """Return the broker of an app."""
    transport = app.transport
    return Broker(",".join(server_list(transport.url, transport.default_port)))
