"""A notifier that is told to stop while its broker hangs: it takes no longer than it says, whatever it was at."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING

import pytest

from rater.shell.notifier.ending import STOP_S
from rater.shell.process.exit_code import ExitCode
from tests.e2e.notifier_stage import Stage, notice, staged, until

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker

LETTERS = 200


async def joins(stage: Stage) -> None:
    """Let it connect, and be given no partition yet."""
    notifier = stage.start()
    await until(lambda: "metrics and health" in notifier.text(), "connecting")


async def serves(stage: Stage) -> None:
    """Let it have all partitions, and nothing to do."""
    await until(stage.start().serves, "serving")


async def sends(stage: Stage) -> None:
    """Let it have letters to send: some are sent, some are marked as being sent."""
    await serves(stage)
    await stage.publish(*(notice("acme", n, f"{n}@acme.example") for n in range(LETTERS)))
    await until(stage.sink.mails, "the first letter")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "at",
    [
        pytest.param(sends, id="sends"),
        pytest.param(serves, id="serves", marks=pytest.mark.slow),
        pytest.param(joins, id="joins", marks=pytest.mark.slow),
    ],
)
async def test_told_to_stop_while_its_broker_hangs_it_ends_in_its_time(
    at: object, private_broker: Broker, tmp_path: Path
) -> None:
    assert callable(at)
    with staged(private_broker.bootstrap, tmp_path) as stage:
        try:
            await at(stage)
            (notifier,) = stage.notifiers
            private_broker.send(signal.SIGSTOP)
            began = time.monotonic()
            notifier.process.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(notifier.process.wait, STOP_S)
            took_s = time.monotonic() - began
        finally:
            private_broker.send(signal.SIGCONT)

        assert code in {ExitCode.STOPPED, ExitCode.FAILED}, notifier.text()[-2_000:]
        assert "by force" not in notifier.text(), took_s
        assert notifier.noise() == []
