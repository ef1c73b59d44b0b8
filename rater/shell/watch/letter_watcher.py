"""Letter watcher: follows the dead letters and their ends, and shows how many are open and since when.

It stands beside the watcher of the groups, with connections of its own: what ails it hides no lag.
"""

import asyncio
import logging
from contextlib import AsyncExitStack, suppress
from time import monotonic

from aiokafka.errors import KafkaError

from rater.kafka.rights import NotAllowedError
from rater.shell.dead_letters.open_letters import OpenLetters
from rater.shell.dead_letters.reader import TOPICS, Reader, reading_letters
from rater.shell.process.clock import now_ms
from rater.shell.process.signals import rest
from rater.shell.watch.letter_metrics import LetterMetrics
from rater.shell.watch.observer import REQUEST_MS
from rater.shell.watch.settings import WatchSettings
from rater.shell.watch.watcher import LOOK_S, STOP_S

READ_S = 3.0
"""Of a look; what is not read then is read on with the next one."""

log = logging.getLogger(__name__)


class LetterWatcher:
    """One that looks; `run` it."""

    def __init__(self, settings: WatchSettings, partitions: int, metrics: LetterMetrics) -> None:
        """Connect to nothing yet; each of the topics has so many partitions."""
        self._settings = settings
        self._partitions = dict.fromkeys((topic.name for topic in TOPICS), partitions)
        self._metrics = metrics
        self._is_blind = False

    async def run(self) -> None:
        """Look until cancelled; NotAllowedError where a right is missing: to wait does not help.

        After any other error all is read anew: the broker may be another one, or a topic.
        """
        while True:
            try:
                await self._follow()
            except NotAllowedError:
                raise
            except (KafkaError, OSError, TimeoutError) as error:
                if not self._is_blind:
                    log.warning("cannot see the dead letters: %(error)s", {"error": repr(error)})
                self._is_blind = True
            self._metrics.forget()
            await rest(self._settings.every_s)

    async def _follow(self) -> None:
        stack = AsyncExitStack()
        letters = reading_letters(
            self._settings.broker, self._partitions, OpenLetters(), request_timeout_ms=REQUEST_MS
        )
        try:
            async with asyncio.timeout(LOOK_S):
                reader = await stack.enter_async_context(letters)
            await self._look_on(reader)
        finally:
            # A broker that is gone is not waited for.
            with suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await stack.aclose()

    async def _look_on(self, reader: Reader) -> None:
        while True:
            begun = monotonic()
            async with asyncio.timeout(LOOK_S):
                is_at_end = await reader.look(READ_S)
            self._is_blind = False
            if is_at_end:
                self._metrics.show(reader.letters.sums(), now_ms())
            await rest(begun + self._settings.every_s - monotonic())
