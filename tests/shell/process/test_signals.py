"""What a service does until it is stopped: a signal ends it in order, a failure with its error, and all of it."""

import asyncio
import contextlib
import os
import signal

import pytest

from rater.shell.process.signals import rest, work_until_stopped


async def forever(ended: list[str], name: str) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ended.append(name)


async def fail_after_a_moment() -> None:
    await asyncio.sleep(0.01)
    raise ValueError("broken")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_all_of_it(number: signal.Signals) -> None:
    ended: list[str] = []
    asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), number)

    await work_until_stopped(one=forever(ended, "one"), other=forever(ended, "other"))

    assert sorted(ended) == ["one", "other"]


async def test_what_fails_ends_the_rest_and_is_raised() -> None:
    ended: list[str] = []

    with pytest.raises(ValueError, match="broken"):
        await work_until_stopped(one=forever(ended, "one"), other=fail_after_a_moment())

    assert ended == ["one"]


async def test_a_loop_whose_client_swallows_the_cancellation_ends_at_its_next_rest() -> None:
    rounds = 0

    async def looks() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            # As a client of Kafka does that tries its next broker.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            await rest(60)

    asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(5):
        await work_until_stopped(looks=looks())

    assert rounds == 1
