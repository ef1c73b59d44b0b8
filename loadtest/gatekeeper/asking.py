"""Asking: questions sent by a schedule that nothing holds up, from a process of its own.

`python -m loadtest.gatekeeper.asking HOST PORT FILE` (FILE: an `Asked` as JSON) prints one JSON line. Question number i
is due `i / rate` after the start, whatever became of those before it; a latency counts from when it was due, so that
the queue in front of a slow server shows (no coordinated omission).
"""

import asyncio
import gc
import json
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec
import uvloop

from loadtest.gatekeeper.population import questions
from loadtest.percentiles import summary_ms

CONNECTIONS = 32
TICK_S = 0.001
DRAIN_S = 5.0
_END = b"\r\n\r\n"
_LENGTH = b"Content-Length: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked, and how often."""

    prefixes: list[str]
    tenants: int
    rate_per_s: float
    warm_up_s: float
    seconds: float
    seed: int = 1


class Connection(asyncio.Protocol):
    """One connection that stays open, with one question at a time."""

    def __init__(self, asker: "Asker") -> None:
        self._asker = asker
        self._received = b""
        self._due = 0.0
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready."""
        self._transport = transport  # type: ignore[assignment]
        self._asker.free.append(self)

    def send(self, due: float, question: bytes) -> None:
        """Send a question that was due then."""
        self._due = due
        self._received = b""
        self._transport.write(question)

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer."""
        self._received += data
        head, end, body = self._received.partition(_END)
        if not end:
            return
        length = int(head.partition(_LENGTH)[2].partition(b"\r\n")[0])
        if len(body) >= length:
            self._asker.answered(self._due, head, body)
            self._asker.free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Say that one is gone: it should not be."""
        self._asker.lost += 1


class Asker:
    """All connections, and what is due."""

    def __init__(self, asked: Asked) -> None:
        self.free: deque[Connection] = deque()
        self.lost = 0
        self.latencies_s: list[float] = []
        self.outcomes: Counter[str] = Counter()
        self._asked = asked
        self._begin = 0.0

    async def run(self, host: str, port: int) -> None:
        """Send all, and wait for the last answers."""
        asked, loop = self._asked, asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            await loop.create_connection(lambda: Connection(self), host, port)
        count = int((asked.warm_up_s + asked.seconds) * asked.rate_per_s)
        source = questions(asked.prefixes, asked.tenants, Random(asked.seed))
        prepared = [next(source) for _ in range(min(count, 50_000))]
        gc.collect()
        gc.disable()
        self._begin = time.monotonic() + 0.2
        sent = 0
        while sent < count:
            now = time.monotonic()
            while (
                sent < count and (due := self._begin + sent / asked.rate_per_s) <= now and self.free
            ):
                self.free.pop().send(due, prepared[sent % len(prepared)])
                sent += 1
            await asyncio.sleep(TICK_S)
        for _ in range(int(DRAIN_S / TICK_S)):
            if len(self.free) == CONNECTIONS:
                break
            await asyncio.sleep(TICK_S)

    def answered(self, due: float, head: bytes, body: bytes) -> None:
        """Count an answer; one of the warm-up is not measured."""
        if due >= self._begin + self._asked.warm_up_s:
            self.latencies_s.append(time.monotonic() - due)
            code = head[9:12].decode()
            word = json.loads(body)
            self.outcomes["allowed" if word["allowed"] else f"{code} {word['reason']}"] += 1


def main() -> None:
    """Ask, and print what came of it."""
    host, port, file = sys.argv[1:]
    asked = msgspec.json.decode(Path(file).read_bytes(), type=Asked)
    asker = Asker(asked)
    uvloop.run(asker.run(host, int(port)))
    print(
        json.dumps(
            {
                "answered": len(asker.latencies_s),
                "lost": asker.lost,
                "outcomes": dict(asker.outcomes.most_common()),
                "latency_ms": summary_ms(asker.latencies_s),
            }
        )
    )


if __name__ == "__main__":
    main()
