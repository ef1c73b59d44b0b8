"""Record: what a batch of charging needs of a Kafka record."""

from typing import Protocol


class Record(Protocol):
    """What a batch needs of a Kafka record."""

    @property
    def offset(self) -> int:
        """Its place in the partition."""

    @property
    def timestamp(self) -> int:
        """Its time in ms: stream time (D6)."""

    @property
    def key(self) -> bytes | None:
        """The tenant id, if it is where it belongs."""

    @property
    def value(self) -> bytes | None:
        """What has to be read."""
