"""A broker that is gone: no service is ready, none says that it has no lag, none fills its log; and back again."""

import asyncio
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.kafka.broker import Broker
from loadtest.circle.services import Circle, circle
from loadtest.rater_command import run
from rater.shell.process.health import BROKER_SILENT_S
from rater.shell.process.pulse import ANSWER_S, EVERY_S

_ADDRESS = re.compile(r"metrics and health on (http://\S+)/")
_LAG = re.compile(r"^rater\w*consumer_lag\w*\{.*\} (\S+)$", re.MULTILINE)
STAYING = ("charging", "recharge", "gateway")
"""The notifier may end when a transaction of its own fails: its supervisor starts it anew."""
LINES_MAX = 60
"""Of a service's log in the time that its broker is gone."""


def ask(log: Path, path: str) -> tuple[int, str]:
    """Ask a service over HTTP."""
    address = _ADDRESS.findall(log.read_text())[-1]
    try:
        with urllib.request.urlopen(address + path, timeout=5) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


async def until(stage: Circle, said: Callable[[Path], bool], what: str) -> None:
    """Wait until it is so of every service."""
    deadline = time.monotonic() + 60.0
    for name in STAYING:
        service = stage.services[name]
        service.check()
        # The address stands in the log before anybody can be asked.
        while not _ADDRESS.search(service.log.read_text()) or not await asyncio.to_thread(
            said, service.log
        ):
            assert time.monotonic() < deadline, f"{name} is not {what}\n{service.last_lines()}"
            await asyncio.sleep(0.3)


def is_ready(log: Path) -> bool:
    return ask(log, "/readyz")[0] == 200


def misses_the_broker(log: Path) -> bool:
    code, said = ask(log, "/readyz")
    return code == 503 and "broker" in json.loads(said)["missing"]


@pytest.mark.timeout(300)
async def test_services_say_that_the_broker_is_gone_and_that_it_is_back(
    private_broker: Broker, tmp_path: Path
) -> None:
    await asyncio.to_thread(run, "topics", "create", "--broker", private_broker.bootstrap)
    with circle(private_broker.bootstrap, tmp_path, session_timeout_s=10.0) as stage:
        await until(stage, is_ready, "ready")
        lines = {n: len(s.log.read_text().splitlines()) for n, s in stage.services.items()}
        began = time.monotonic()
        await asyncio.to_thread(private_broker.kill)
        await until(stage, misses_the_broker, "missing the broker")
        # Counted from the last answer, which was up to one question before the kill.
        assert time.monotonic() - began > BROKER_SILENT_S - EVERY_S - ANSWER_S
        await asyncio.sleep(2.0)
        for name in STAYING:
            service = stage.services[name]
            assert ask(service.log, "/livez")[0] == 200, name
            assert _LAG.findall(ask(service.log, "/metrics")[1]) == [], name
            assert len(service.log.read_text().splitlines()) - lines[name] < LINES_MAX, name
        stage.services["notifier"].kill()
        await asyncio.to_thread(private_broker.start)
        await until(stage, is_ready, "ready again")
