"""Freecall timer: which calls of a partition are to be freed by now, by the settings in force now (D6)."""

from typing import final

from rater.batch.charging.open_suspense import SuspenseShard
from rater.core.account.freecall import freed_ms
from rater.core.charging_settings import SettingsBook
from rater.core.limits import NEVER_MS


@final
class FreecallTimer:
    """What the timer asks of the calls that wait."""

    def __init__(self, shard: SuspenseShard, book: SettingsBook) -> None:
        self._shard = shard
        self._book = book
        self.get = shard.get

    def due(self, now_ms: int, most: int | None = None) -> list[tuple[bytes, int]]:
        """Return the calls that are to be freed by now, each with the instant; `most`: so many at most."""
        settings = self._book.at(now_ms)
        waits_ms = freed_ms(settings, 0)
        if waits_ms == NEVER_MS:
            return []
        came = self._shard.came_by(now_ms - waits_ms, most)
        return [(key, came_ms + waits_ms) for key, came_ms in came]
