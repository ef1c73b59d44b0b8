"""Rates: how many e-mails went to whom within the last hour, and when the next one may.

Kept with the marks, and filled from them: a restart gives nobody a fresh allowance. Who is one is a digest of tenant
and address.
"""

import hashlib
from typing import Final

from rater.core.limits import HOUR_MS

LOGS_MAX: Final = 10_000
"""Logs kept before those are looked for in which nothing counts any more."""
FOLDABLE: Final = frozenset(
    {"balance_low", "funds_added", "funds_expired", "funds_expiring", "pool_used"}
)
"""Kinds that may wait; all others say that money is in danger, and are counted apart."""
_DIGEST_CHARACTERS: Final = 32


def mailbox_digest(tenant_id: str, address: str) -> str:
    """Return what stands for an address of a tenant in marks."""
    text = f"{tenant_id}\n{address}"
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]


def rate_key(mailbox: str, kind: str) -> str:
    """Return what a rate is of: an address of a tenant, and whether it is urgent."""
    return mailbox if kind in FOLDABLE else f"{mailbox}/urgent"


class MailRates:
    """The mails of the last hour, each once, by what is bounded."""

    def __init__(self) -> None:
        """Nothing has been sent."""
        self._logs: dict[str, dict[str, int]] = {}

    def note(self, key: str, digest: str, at_ms: int) -> None:
        """Note a mail; the same one counts once."""
        self._logs.setdefault(key, {}).setdefault(digest, at_ms)
        if len(self._logs) > LOGS_MAX:
            for each in list(self._logs):
                self._forget(each, at_ms)

    def wait_ms(self, key: str, limit: int, at_ms: int) -> int:
        """Return how long until one more is within the limit an hour; 0: it is."""
        self._forget(key, at_ms)
        counted = sorted(self._logs.get(key, {}).values())
        if len(counted) < limit:
            return 0
        return max(0, counted[-limit] + HOUR_MS - at_ms)

    def _forget(self, key: str, at_ms: int) -> None:
        log = self._logs.get(key, {})
        kept = {digest: sent_ms for digest, sent_ms in log.items() if sent_ms > at_ms - HOUR_MS}
        if kept:
            self._logs[key] = kept
        else:
            self._logs.pop(key, None)
