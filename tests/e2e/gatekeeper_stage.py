"""A stage for gatekeepers: real processes, statuses, and requests as switches send them."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from tests.e2e.broker import produce
from tests.e2e.logins import environment
from topics.catalog import ACCOUNT_STATUS

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
READY_S = 60.0
_URL = re.compile(r"questions on (http://\S+)/v1/authorise")
_HEALTH = re.compile(r"metrics and health on (http://\S+)/")


class Said(NamedTuple):
    """An answer: its HTTP status and its body."""

    status: int
    body: str

    @property
    def fields(self) -> dict[str, Any]:
        """The body as JSON."""
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


class Gatekeeper:
    """One process and its log. Use it as a context."""

    def __init__(
        self, bootstrap: str, log: Path, *options: str, settings: Path | None = None
    ) -> None:
        """Start the process; a settings file says all where there is one."""
        self.log = log
        arguments: tuple[str, ...] = (
            "gatekeeper",
            "--broker",
            bootstrap,
            "--port",
            "0",
            "--metrics-port",
            "0",
        )
        if settings is not None:
            arguments = ("gatekeeper", "--settings", str(settings))
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rater", *arguments, *options],
                cwd=ROOT,
                env=environment(*arguments),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def __enter__(self) -> Self:
        """Return it; it is not ready yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def text(self) -> str:
        """Return the log so far."""
        return self.log.read_text(errors="replace")

    async def stop(self) -> int:
        """Ask it to end; return its exit code."""
        self.process.terminate()
        return await asyncio.to_thread(self.process.wait, 30)

    async def address(self, pattern: re.Pattern[str] = _URL) -> str:
        """Return where it listens."""
        deadline = time.monotonic() + READY_S
        while (found := pattern.search(self.text())) is None:
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < deadline, self.text()
            await asyncio.sleep(0.05)
        return found[1]

    async def ready(self) -> None:
        """Wait until it is ready."""
        deadline = time.monotonic() + READY_S
        health = await self.address(_HEALTH)
        while (await send("GET", f"{health}/readyz")).status != 200:
            assert time.monotonic() < deadline, self.text()
            await asyncio.sleep(0.05)

    async def ask(self, **fields: Any) -> Said:
        """Ask as a client of JSON does."""
        given = {"from" if name == "from_" else name: value for name, value in fields.items()}
        return await self.post("/v1/authorise", given)

    async def post(self, path: str, fields: Mapping[str, Any]) -> Said:
        """Post a JSON object."""
        head = {"Content-Type": "application/json"}
        return await send("POST", await self.address() + path, head, json.dumps(fields).encode())

    async def until(self, wanted: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
        """Ask until the answer has these fields; return it."""
        deadline = time.monotonic() + 20
        while True:
            said = (await self.ask(**fields)).fields
            if wanted.items() <= said.items():
                return said
            assert time.monotonic() < deadline, (said, wanted, self.text()[-2_000:])
            await asyncio.sleep(0.05)


async def send(
    method: str, url: str, head: Mapping[str, str] | None = None, body: bytes = b""
) -> Said:
    """Send a request as libcurl writes it, which both platforms use, on a connection of its own."""
    where = urlsplit(url)
    assert where.hostname is not None
    path = where.path + (f"?{where.query}" if where.query else "")
    lines = [f"{method} {path} HTTP/1.1", f"Host: {where.netloc}"]
    lines += [f"{name}: {text}" for name, text in {"Accept": "*/*", **(head or {})}.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        first, _, rest = (await reader.readuntil(b"\r\n\r\n")).decode().partition("\r\n")
        length = re.search(r"(?im)^content-length: (\d+)", rest)
        assert length is not None, rest
        content = await reader.readexactly(int(length[1]))
    finally:
        writer.close()
    return Said(int(first.split()[1]), content.decode())


def status(tenant_id: str = "acme", **changes: Any) -> dict[str, Any]:
    """Return a status of an open account with 1.00 of the sample deck."""
    now_ms = time.time_ns() // 1_000_000
    money = changes.pop("money", 1_000_000)
    return {
        "tenant_id": tenant_id,
        "seq": 2,
        "at_ms": now_ms,
        "state": "open",
        "mode": "prepaid",
        "time_zone": "UTC",
        "allowed_call_types": [],
        "blocked": [],
        "currency": "USD",
        "balance_micros": money,
        "overdraft_micros": 0,
        "decks": ["sample"],
        "funds": [{"expires_ms": now_ms + 86_400_000, "amount_micros": money}] if money else [],
        **changes,
    }


def in_mid_month(at_ms: int) -> str:
    """Return a time zone in which no month begins or ends within eleven hours of an instant."""
    far = ("UTC", "Etc/GMT+12", "Etc/GMT-12")
    return next(zone for zone in far if _from_a_turn_h(at_ms, zone) >= 11)


def _from_a_turn_h(at_ms: int, zone: str) -> float:
    """Return how many hours lie between an instant and the nearest turn of a month."""
    at = datetime.fromtimestamp(at_ms / 1_000, ZoneInfo(zone)).replace(tzinfo=None)
    begin = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = (begin + timedelta(days=32)).replace(day=1)
    return min(at - begin, end - at) / timedelta(hours=1)


async def publish(bootstrap: str, *statuses: dict[str, Any]) -> None:
    """Write statuses, as charging would."""
    records = [(each["tenant_id"].encode(), json.dumps(each).encode()) for each in statuses]
    await produce(bootstrap, ACCOUNT_STATUS.name, records)
