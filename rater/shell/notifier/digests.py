"""A digest: one letter for many that were held back, with how many of each kind there were."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from topics.records.notifications import AnyNotification


@dataclass(frozen=True, slots=True)
class Digest:
    """What it says; its id is that of the first notification that was held back, which it is sent for."""

    kind: ClassVar[str] = "digest"

    notification_id: str
    tenant_id: str
    at_ms: int
    currency: str
    balance_micros: int
    language: str
    held: tuple[tuple[str, int], ...]
    """Kinds, and how many of each, the most first."""


Told: TypeAlias = AnyNotification | Digest
"""What a letter is written of."""


def digest_of(first: AnyNotification, others: Iterable[str]) -> Digest:
    """Return the digest of a notification and of others by their kinds."""
    counts: dict[str, int] = {}
    for kind in (first.kind, *others):
        counts[kind] = counts.get(kind, 0) + 1
    held = tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
    return Digest(
        first.notification_id,
        first.tenant_id,
        first.at_ms,
        first.currency,
        first.balance_micros,
        first.language,
        held,
    )
