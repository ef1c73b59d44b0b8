"""A rebalance, a recovery and a failed commit are one line each, whatever Faust says of them."""

import logging
import subprocess
import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry

from rater.shell.process.agent_app import AgentApp
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.health import Health
from rater.shell.process.metrics import Metrics
from rater.shell.stream.recovery import StateRecovery


class App(AgentApp):
    """What an assignment needs of an app."""

    def __init__(self) -> None:
        self.metrics = Metrics(CollectorRegistry())
        self.health = Health(self.metrics)
        self._failures_counted = True
        self._partitions = []


async def test_a_rebalance_is_one_line_that_says_what_was_and_what_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = App()
    tps = [TopicPartition(topic, number) for topic in ("cdrs", "changelog") for number in (3, 1)]
    with caplog.at_level(logging.INFO):
        await app._on_assigned(None, set(tps))
        await app._on_revoked(None, set(tps))
        await app._on_assigned(None, set(tps[:1]))

    assert caplog.messages == [
        "assigned partitions [1, 3], before []",
        "assigned partitions [3], before [1, 3]",
    ]


class Recovery(StateRecovery):
    """A recovery of no table, that nobody interrupts."""

    def __init__(self) -> None:
        async def nothing(*_: Any) -> None: ...

        self.app = SimpleNamespace(
            in_recovery=False,
            on_rebalance_complete=SimpleNamespace(send=nothing),
            consumer=SimpleNamespace(
                perform_seek=nothing,
                transactions=SimpleNamespace(owned_partitions=lambda: [1, 3]),
            ),
        )
        self.tables = cast("Any", {})

    def _check(self) -> None: ...

    async def _resume(self) -> None: ...


async def test_a_recovery_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await Recovery()._recover()

    (said,) = caplog.messages
    assert said.startswith("serving partitions [1, 3] after 0.")


FAILED = """
import asyncio, logging
from types import SimpleNamespace
from rater.kafka.broker import Broker
from rater.shell.process import runner
from rater.shell.process.log_lines import start_logging
from rater.shell.stream.leases import CommitFailedError
from aiokafka.errors import ProducerFenced

start_logging("INFO", "json")
runner.broker_of = lambda app: Broker("a:1")
error = {error}
try:
    raise error
except Exception:
    logging.getLogger("faust.app.base").exception("[^App]: Crashed reason=%r", error)
asyncio.run(runner._end_failed(SimpleNamespace(), error))
"""


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        ("CommitFailedError('partition 3: not committed within 9 s')", ExitCode.FAILED, "failed: partition 3: not"),
        ("ProducerFenced()", ExitCode.FENCED, "fenced, another worker has taken over: "),
    ],
)  # fmt: skip
def test_a_commit_that_failed_is_one_line(error: str, code: int, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILED.format(error=error)], capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    (line,) = done.stderr.splitlines()

    assert done.returncode == code
    assert f'"event": "{said}' in line
    assert f'"error.type": "{error.partition("(")[0]}"' in line
