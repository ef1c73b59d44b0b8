"""Letter watcher: nothing is shown before all was read, or after an error; a missing right ends it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from rater.kafka.rights import NotAllowedError
from rater.shell.dead_letters.open_letters import OpenLetters
from rater.shell.process.metrics import Metrics
from rater.shell.watch import letter_watcher as module
from rater.shell.watch.letter_metrics import LetterMetrics
from rater.shell.watch.letter_watcher import LetterWatcher
from tests.shell.dead_letters.letters import TOPIC, letter
from tests.shell.watch.test_watcher import settings

PLACE = {"topic": TOPIC, "reason": "not_json"}


class Stage:
    """A watcher whose looks end as they are said to: at the end, before it, or with an error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *looks: bool | Exception) -> None:
        self.looks = list(looks)
        self.shown: list[float | None] = []
        self.opened = self.closed = 0
        self.metrics = Metrics(rooms=())
        monkeypatch.setattr(module, "reading_letters", self._reading)
        monkeypatch.setattr(module, "rest", self._rest)
        self.watcher = LetterWatcher(settings(), 8, LetterMetrics(self.metrics))

    @asynccontextmanager
    async def _reading(
        self, _broker: Any, _partitions: Any, letters: OpenLetters, **_options: Any
    ) -> AsyncIterator[Any]:
        self.opened += 1
        letters.add(letter())
        self.letters = letters
        try:
            yield self
        finally:
            self.closed += 1

    async def look(self, _seconds: float) -> bool:
        """Look as the reader does."""
        said = self.looks.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    async def _rest(self, _seconds: float) -> None:
        """Note what is shown between two looks; after the last one the service is stopped."""
        self.shown.append(self.metrics.registry.get_sample_value("rater_dead_letters_open", PLACE))
        if not self.looks:
            raise asyncio.CancelledError


async def test_nothing_is_shown_before_all_was_read_and_what_was_is_read_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage(monkeypatch, False, True, True)
    with pytest.raises(asyncio.CancelledError):
        await stage.watcher.run()

    assert stage.shown == [None, 1, 1]
    assert (stage.opened, stage.closed) == (1, 1)


async def test_after_an_error_nothing_is_shown_and_all_is_read_anew(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gone = [KafkaConnectionError("gone") for _ in range(3)]
    stage = Stage(monkeypatch, True, *gone, True, gone[0], True)
    with pytest.raises(asyncio.CancelledError):
        await stage.watcher.run()

    assert stage.shown == [1, None, None, None, 1, None, 1]
    assert (stage.opened, stage.closed) == (5, 5)
    said = [each for each in caplog.records if "cannot see the dead letters" in each.message]
    assert len(said) == 2


async def test_a_right_that_is_missing_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, NotAllowedError("User:watch", "Read", "topic dead.ended.v1"))
    with pytest.raises(NotAllowedError):
        await stage.watcher.run()

    assert stage.closed == 1
