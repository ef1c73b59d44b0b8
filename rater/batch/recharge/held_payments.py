"""Held payments: the recharges of a partition that wait for the end of a maintenance stop, as the timer sees them.

They are due when the charging settings hold payments of their tenants no longer: each gets one command of the timer,
and the batch that reads it looks at the balance again.
"""

from typing import Final, final

from rater.batch.recharge.partition_state import RechargesShard
from rater.core.charging_settings import SettingsBook
from rater.core.limits import NEVER_MS


@final
class HeldPayments:
    """What of a partition waits for payments, by the settings that are known now."""

    def __init__(self, shard: RechargesShard, book: SettingsBook) -> None:
        self.get: Final = shard.get
        self._shard = shard
        self._book = book

    def due(self, now_ms: int, most: int | None = None) -> list[tuple[bytes, int]]:
        """Return the tenants whose payments are not held any more, so many at most, each with since when that is so."""
        settings = self._book.at(now_ms)
        waiting = self._shard.held()
        if settings.held_payments.of_all or not waiting:
            return []
        named = frozenset(settings.held_payments.tenants)
        free = [key for key in waiting if key.decode() not in named]
        return [(key, settings.valid_from_ms) for key in free[:most]]

    def next_ms(self, now_ms: int) -> tuple[int, bytes] | None:
        """Return when the next of them is due by what is known now, and its key; None: it is not known of any."""
        at_ms = now_ms
        while self._shard.held():
            if due := self.due(at_ms, 1):
                return at_ms, due[0][0]
            at_ms = self._book.next_change_ms(at_ms)
            if at_ms == NEVER_MS:
                break
        return None
