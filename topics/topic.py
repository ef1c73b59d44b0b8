"""Topic: what a catalog says of each topic."""

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from topics.keys import Key
from topics.roles import Role

PARTITIONS = 8
"""Of every topic keyed by tenant: equal counts keep all of a tenant in one worker (D2)."""

DAY_MS = 86_400_000
MONTH_MS = 31 * DAY_MS
"""The longest."""
FOREVER = -1
LARGE = 8 * 1024 * 1024

Cleanup = Literal["delete", "compact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic: what it carries, for whom, and for how long."""

    name: str
    purpose: str
    key: Key
    records: tuple[type[msgspec.Struct], ...]
    writers: tuple[Role, ...]
    readers: tuple[Role, ...]
    taken_by: tuple[Role, ...] = ()
    """Those among the readers who take each record once, in their group, which knows how far they are."""
    partitions: int = PARTITIONS
    cleanup: Cleanup = "delete"
    retention_ms: int = FOREVER
    retention_min_ms: int = DAY_MS
    """The shortest time that an operator may set instead."""
    max_message_bytes: int = 1024 * 1024
    tag: str | None = None
    """The field that tells the record types apart, where there are several."""
    external: bool = False
    """Others write it: records may carry fields that we do not know."""
    by_hand: bool = False
    """People and platforms write it; the others only services do."""
    internal: bool = False
    """Only the rater reads it; it may change without notice."""
    made_by: str | None = None
    """The command that alone writes it: versions, whole and immutable, in one partition that every worker reads."""
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def has_retention(self) -> bool:
        """Whether an operator may say how long it keeps records; the rater's own have the time that it needs."""
        return self.cleanup == "delete" and not self.internal

    def config(self) -> dict[str, str]:
        """Return the topic's settings as the broker names them."""
        return {
            "cleanup.policy": self.cleanup,
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(self.max_message_bytes),
            **self.settings,
        }
