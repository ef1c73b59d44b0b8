"""Spool: a range of a topic, taken into files once, before the first record is due.

So the broker that it comes from holds nothing up, and it can be measured, shared by processes and repeated as a file
can. It is read in the order of the records' times, those of one partition in their order. What has no tenant that can
be read, such as what a worker put into its dead letters, is left out and counted.
"""

from __future__ import annotations

import asyncio
import heapq
import struct
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import IO

from loadtest import topic_log
from loadtest.replay.faults import ReplayError
from loadtest.replay.heads import head_of
from loadtest.topic_log import Span

PREFIX = "kafka:"
"""Before the name of a topic, where else a file is named."""
FORMAT = "spool"
_HEAD = struct.Struct(">qI")
_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class TopicRange:
    """What is taken, and from where."""

    broker: str
    topic: str
    span: Span = field(default_factory=Span)
    login: Mapping[str, str] | None = None
    """The variables RATER_KAFKA_... of the way there; None: as for any topic."""

    def take(self, folder: Path) -> int:
        """Write its committed records into files of a folder; return how many were left out. ReplayError: no topic."""
        try:
            left_out = asyncio.run(self._taken(folder))
        except LookupError as error:
            raise ReplayError(f"{self.broker}: {error}") from error
        if not any(folder.iterdir()):
            raise ReplayError(f"{PREFIX}{self.topic}: no record is there that can be replayed")
        return left_out

    async def _taken(self, folder: Path) -> int:
        left_out = 0
        with ExitStack() as files:
            known: dict[int, IO[bytes]] = {}
            read = topic_log.read(self.broker, self.topic, self.span, self.login)
            async for number, _, at_ms, _, value in read:
                if not is_readable(value):
                    left_out += 1
                    continue
                if number not in known:
                    path = folder / f"{number:05}"
                    known[number] = files.enter_context(path.open("wb", _AT_ONCE))
                known[number].write(_HEAD.pack(at_ms, len(value or b"")) + (value or b""))
        return left_out


def records(folder: Path) -> Iterator[bytes]:
    """Yield what was taken into a folder, by time."""
    parts = [_part(path) for path in sorted(folder.iterdir())]
    return (value for _, value in heapq.merge(*parts, key=itemgetter(0)))


def is_readable(value: bytes | None) -> bool:
    """Say whether a record has a tenant."""
    if value is None:
        return False
    try:
        head_of(value, 0)
    except ReplayError:
        return False
    return True


def _part(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield a partition's records; a time that goes back counts as the one before it."""
    latest_ms = 0
    with path.open("rb", _AT_ONCE) as file:
        while head := file.read(_HEAD.size):
            at_ms, size = _HEAD.unpack(head)
            latest_ms = max(latest_ms, at_ms)
            yield latest_ms, file.read(size)
