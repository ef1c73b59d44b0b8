"""The broker: how it is reached, said once, and the only place that makes clients of it.

What every connection needs (an address, TLS, a login) is a field here and an entry of `options`. Faust makes its
clients itself: `shell/stream/faust_broker.py` gives it the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import AIOKafkaConnection, create_conn

from rater.kafka.bounded_records import bound_unpacking
from rater.kafka.clients import Admin, Consumer, Producer
from rater.kafka.security import PLAINTEXT, Security

Client = TypeVar("Client", Admin, Consumer, Producer)


@dataclass(frozen=True, slots=True)
class Broker:
    """A Kafka to connect to; written out, its address."""

    address: str
    """`host:port`, or several of these with commas between them."""
    security: Security = PLAINTEXT

    def __str__(self) -> str:
        """Return the address, for messages."""
        return self.address

    def addresses(self) -> list[str]:
        """Return each `host:port`."""
        return [address.strip() for address in self.address.split(",")]

    def options(self) -> dict[str, Any]:
        """Return what any client of aiokafka needs to connect."""
        return {"bootstrap_servers": self.address, **self.security.options()}

    def consumer(self, **options: Any) -> AIOKafkaConsumer:
        """Make a consumer, to be started; what it reads is bounded."""
        bound_unpacking()
        return self._told(Consumer(**self.options(), **options))

    def producer(self, **options: Any) -> AIOKafkaProducer:
        """Make a producer, to be started."""
        return self._told(Producer(**self.options(), **options))

    def admin(self, **options: Any) -> AIOKafkaAdminClient:
        """Make an admin client, to be started."""
        return self._told(Admin(**self.options(), **options))

    async def connection(self, host: str, port: int, **options: Any) -> AIOKafkaConnection:
        """Connect to one address as a client would; the error is the one of the connection itself."""
        return await create_conn(host, port, **self.security.options(), **options)

    def _told(self, client: Client) -> Client:
        """Tell a client whose it is, so that it can say why it failed."""
        client.broker = self
        return client
