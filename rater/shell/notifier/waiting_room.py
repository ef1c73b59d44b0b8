"""The waiting room of webhooks: a bound on what waits in memory, and on each tenant's share of it.

What is not admitted becomes a dead letter, whole; nobody is held back by what waits for somebody else. When the room is
full, a tenant that has less than an equal share is still admitted: those who have more are not.
"""

from collections import Counter
from typing import Final

PER_TENANT: Final = 100
TOTAL: Final = 2_000
"""Webhooks; about 10 KB each."""


class WaitingRoom:
    """Counts who is in."""

    def __init__(self, total: int = TOTAL, per_tenant: int = PER_TENANT) -> None:
        """Bound it."""
        self._total = total
        self._per_tenant = per_tenant
        self._inside: Counter[str] = Counter()
        self._count = 0

    @property
    def waiting(self) -> int:
        """How many are in."""
        return self._count

    def enter(self, tenant_id: str) -> bool:
        """Let one in, and say so; False: there is no room for this tenant."""
        own = self._inside[tenant_id]
        share = self._total // (len(self._inside) or 1)
        crowded = self._count >= self._total and (own >= share or self._count >= 2 * self._total)
        if own >= self._per_tenant or crowded:
            if not own:
                del self._inside[tenant_id]
            return False
        self._inside[tenant_id] += 1
        self._count += 1
        return True

    def leave(self, tenant_id: str) -> None:
        """Let one out."""
        self._inside[tenant_id] -= 1
        self._count -= 1
        if not self._inside[tenant_id]:
            del self._inside[tenant_id]
