"""Clients: the only place that connects to a broker; what every connection needs is said here, once."""

from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient


def _options(bootstrap: str) -> dict[str, Any]:
    """Return what any client needs to connect."""
    return {"bootstrap_servers": bootstrap}


def consumer(bootstrap: str, *topics: str, **options: Any) -> AIOKafkaConsumer:
    """Make a consumer of committed records, to be started; without a group it gets all partitions at once."""
    given = {"isolation_level": "read_committed", "enable_auto_commit": False, **options}
    return AIOKafkaConsumer(*topics, **_options(bootstrap), **given)


def producer(bootstrap: str, **options: Any) -> AIOKafkaProducer:
    """Make a producer that all replicas acknowledge, to be started."""
    return AIOKafkaProducer(**_options(bootstrap), acks="all", **options)


def admin(bootstrap: str) -> AIOKafkaAdminClient:
    """Make an admin client, to be started."""
    return AIOKafkaAdminClient(**_options(bootstrap))
