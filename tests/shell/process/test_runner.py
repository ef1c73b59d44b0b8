"""A worker that has written all it will does not wait for ever to say goodbye."""

import asyncio
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from faust.types import TP

from rater.shell.process import runner
from rater.shell.process.exit_code import ExitCode

WORKER = """
import asyncio
from rater.shell.process import runner

runner.GOODBYE_S = 1.0


class Transactions:
    closed = False

    def is_closed(self):
        return self.closed


class Consumer:
    transactions = Transactions()


class App:
    consumer = Consumer()

    async def stop(self):
        await asyncio.sleep({at_work_s})
        self.consumer.transactions.closed = True
        await asyncio.sleep(60)


async def main():
    app = App()
    cutting = asyncio.create_task(runner._cut_short(app))
    await app.stop()


asyncio.run(main())
"""


@pytest.mark.parametrize("at_work_s", [0.0, 2.0])
def test_a_goodbye_that_is_not_heard_is_cut_short_once_all_is_written(at_work_s: float) -> None:
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", WORKER.format(at_work_s=at_work_s)], timeout=30, check=False
    )

    assert ended.returncode == ExitCode.STOPPED
    assert time.monotonic() - began > at_work_s + 1.0


async def test_one_that_is_heard_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "GOODBYE_S", 60.0)
    cutting = asyncio.create_task(runner._cut_short(_Idle()))
    await asyncio.sleep(0.2)

    assert not cutting.done()
    cutting.cancel()


class _Idle:
    """An app without partitions."""

    class consumer:  # noqa: N801
        class transactions:  # noqa: N801
            @staticmethod
            def is_closed() -> bool:
                return True


def test_what_is_held_and_what_is_halted_is_no_backlog() -> None:
    behind = {TP("cdrs", 0): 7, TP("cdrs", 1): 5, TP("commands", 0): 3, TP("commands", 1): 2}
    held = set[str]()
    transactions = SimpleNamespace(halted=lambda: {1: "why"})
    consumer = SimpleNamespace(
        transactions=transactions, backlog=lambda: behind, is_held=held.__contains__
    )
    app = SimpleNamespace(consumer=consumer)

    assert runner._backlog(app) == 10
    held.add("cdrs")
    assert runner._backlog(app) == 3
