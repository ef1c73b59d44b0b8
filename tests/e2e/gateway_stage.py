"""A stage for gateways: real processes, their topics, and what they wrote."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rater.shell.admin.topic_admin import connected
from rater.shell.process.failpoints import VARIABLE
from tests.e2e.broker import consume, produce
from tests.e2e.logins import environment, reaching, session
from topics.catalog import CHARGING_SETTINGS, PAYMENT_COMMANDS, PAYMENT_RESULTS, RECHARGE_DEAD
from topics.partitioner import partition_of
from topics.roles import OPERATOR

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk_test_" + "aVerySecretKey0123456789"
WEBHOOK_SECRET = "whsec_" + "anotherSecret987654321"
EXIT_KILLED = -signal.SIGKILL

_PORT = re.compile(r"webhooks on http://127\.0\.0\.1:(\d+)/")
_HEALTH = re.compile(r"metrics and health on (http://\S+)/")
_NOISE = re.compile(r"Traceback|^[\w.]+(Error|Exception)\b|never retrieved|Task was destroyed")


def command(number: int | str, method: str, **changes: Any) -> dict[str, Any]:
    """Return a payment command of a tenant of its own."""
    now_ms = time.time_ns() // 1_000_000
    return {
        "type": "make_payment",
        "command_id": f"tenant-{number}/r1/1",
        "tenant_id": f"tenant-{number}",
        "recharge_id": f"tenant-{number}/r1",
        "attempt": 1,
        "amount_micros": 200_000_000,
        "currency": "USD",
        "method": method,
        "customer": f"cus_{number}",
        "requested_ms": now_ms,
        "answer_by_ms": now_ms + 900_000,
        **changes,
    }


class GatewayProcess:
    """One gateway and its log."""

    def __init__(self, bootstrap: str, log: Path, options: Iterable[str], **env: str) -> None:
        """Start the process."""
        self.log = log
        words = [
            "gateway",
            "--broker",
            bootstrap,
            "--metrics-port",
            "0",
            *session(1.5),
        ]
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rater", *words, *options],
                cwd=ROOT,
                env=environment(*words, **env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    async def ended(self, timeout_s: float = 30.0) -> int:
        """Wait for the exit code."""
        try:
            return await asyncio.to_thread(self.process.wait, timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still runs after {timeout_s} s\n{self.text()}") from None

    def text(self) -> str:
        """Return the log so far."""
        return self.log.read_text(errors="replace")

    def noise(self) -> list[str]:
        """Return the lines that nobody should have to read."""
        return [line for line in self.text().splitlines() if _NOISE.search(line)]

    async def webhook_port(self) -> int:
        """Wait for the port of its webhooks."""
        return int(await self._logged(_PORT))

    async def health(self) -> str:
        """Wait for the address of its metrics and health."""
        return await self._logged(_HEALTH)

    async def serving(self) -> None:
        """Wait until it has partitions."""
        await self._logged(re.compile(r"(serving partitions \[\d)"))

    async def _logged(self, pattern: re.Pattern[str]) -> str:
        await until(lambda: pattern.search(self.text()), self.text)
        match = pattern.search(self.text())
        assert match
        return match[1]


class Stage:
    """Topics and gateways of one test."""

    def __init__(self, bootstrap: str, folder: Path, options: Iterable[str], **env: str) -> None:
        self.bootstrap = bootstrap
        self.folder = folder
        self.options = tuple(options)
        self.env = env
        self.gateways: list[GatewayProcess] = []

    def start(self, failpoint: str = "") -> GatewayProcess:
        """Start one more gateway; `failpoint` as in `rater.shell.process.failpoints`."""
        env = {**self.env, **({VARIABLE: failpoint} if failpoint else {})}
        log = self.folder / f"gateway-{len(self.gateways)}.log"
        gateway = GatewayProcess(self.bootstrap, log, self.options, **env)
        self.gateways.append(gateway)
        return gateway

    async def give(self, *commands: dict[str, Any]) -> None:
        """Publish commands as recharge does."""
        records = [(c["tenant_id"].encode(), json.dumps(c).encode()) for c in commands]
        await produce(self.bootstrap, PAYMENT_COMMANDS.name, records)

    async def results(self) -> dict[str, list[dict[str, Any]]]:
        """Return all results by command, without their times; each lies where its tenant's belong."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for record in await consume(self.bootstrap, PAYMENT_RESULTS.name):
            assert record.value is not None
            result = json.loads(record.value)
            key = result["tenant_id"].encode()
            assert key == record.key
            assert partition_of(key, PAYMENT_RESULTS.partitions) == record.partition
            assert result.pop("at_ms") > 1_700_000_000_000
            found[result["command_id"]].append(result)
        return found

    async def settled(
        self, commands: Iterable[dict[str, Any]], timeout_s: float = 60.0
    ) -> dict[str, list[dict[str, Any]]]:
        """Wait until each command has a result; return all results."""
        wanted, deadline = {c["command_id"] for c in commands}, time.monotonic() + timeout_s
        while missing := wanted - set(results := await self.results()):
            assert time.monotonic() < deadline, f"no result: {missing}\n{self.logs()}"
            await asyncio.sleep(0.1)
        return results

    def logs(self) -> str:
        """Return the ends of all logs."""
        return "\n".join(f"--- {g.log.name}\n{g.text()[-3_000:]}" for g in self.gateways)

    def everything_written(self) -> str:
        """Return all logs, whole."""
        return "\n".join(gateway.text() for gateway in self.gateways)


@asynccontextmanager
async def staged(bootstrap: str, folder: Path, *options: str, **env: str) -> AsyncIterator[Stage]:
    """Make the topics, and end what still runs in the end."""
    async with connected(reaching(bootstrap, OPERATOR)) as admin:
        await admin.create([PAYMENT_COMMANDS, PAYMENT_RESULTS, RECHARGE_DEAD, CHARGING_SETTINGS])
    stage = Stage(bootstrap, folder, options, **env)
    try:
        yield stage
    finally:
        for gateway in stage.gateways:
            if gateway.process.poll() is None:
                gateway.kill()


async def until(
    condition: Callable[[], object], report: Callable[[], str], timeout_s: float = 30.0
) -> None:
    """Wait until a condition holds; fail with a report."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, report()
        await asyncio.sleep(0.02)
