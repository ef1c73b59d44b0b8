"""Followed: the topics of versions that a worker follows, by the part of its readiness that each of them is."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

from rater.shell.process.health import Health
from rater.shell.versions.follower import Follower


class Followed:
    """Starts and stops them together; what ends one of them ends the worker."""

    def __init__(self, followers: Mapping[str, Follower[Any]]) -> None:
        self._followers = followers

    async def start(self) -> None:
        """Begin to read; raise when there is no broker or no topic."""
        for follower in self._followers.values():
            await follower.start()

    async def ready(self) -> None:
        """Return when all that was there at the start is known of each."""
        for follower in self._followers.values():
            await follower.ready()

    async def stop(self) -> None:
        """Stop following, the last first."""
        for follower in reversed([*self._followers.values()]):
            await follower.stop()

    def tasks(
        self, health: Health, crash: Callable[[Exception], Awaitable[None]]
    ) -> list[Coroutine[Any, Any, None]]:
        """Return what has to run beside the worker: who says that a part is ready, and who ends the worker."""
        waits = [_tell_ready(part, each, health) for part, each in self._followers.items()]
        return [*waits, *(_watch(each, crash) for each in self._followers.values())]


async def _tell_ready(part: str, follower: Follower[Any], health: Health) -> None:
    await follower.ready()
    health.set_ready(part, ready=True)


async def _watch(follower: Follower[Any], crash: Callable[[Exception], Awaitable[None]]) -> None:
    """End the worker when what it knows no longer follows its topic."""
    with suppress(asyncio.CancelledError):
        try:
            await asyncio.shield(follower.failed)
        except Exception as error:  # noqa: BLE001
            await crash(error)
