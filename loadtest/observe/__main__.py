"""`make observe`: demo traffic, Prometheus and Alertmanager beside it, pages to look at, and an alert on purpose.

All charging workers are killed once all is well: Prometheus sees that no charging answers (RaterChargingAbsent) and
that its group is late (RaterGroupLagSecondsHigh); both are received by a webhook here and printed. Then charging is
started anew, and the alerts are over. It goes on until Ctrl-C; with --once it ends. Nothing is left running.
Exit code 0: each alert came, and was over in the end.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from loadtest.observe.monitors import require
from loadtest.observe.pictures import pictures
from loadtest.observe.run import Run, running
from loadtest.observe.web import Alert
from loadtest.progress import say
from loadtest.rater_command import CommandError
from loadtest.watch import LateError
from topics.numerals import whole_number

ABSENT: Final = "RaterChargingAbsent"
LATE: Final = "RaterGroupLagSecondsHigh"
OF_CDRS: Final = {"group": "rater-charging", "topic": "cdr.raw.v1"}
CALM_S: Final = 60.0
"""How long all is well before the workers are killed."""
_FIRES_S: Final = 420.0
"""An age of 120 s, 2 min for the alert to be sure, and slack."""
_OVER_S: Final = 240.0


async def observe(options: argparse.Namespace) -> None:
    """Show it all; CommandError when an alert does not come, or is not over."""
    require()
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    with tempfile.TemporaryDirectory(prefix="rater-observe-") as name:
        say(
            "1. Kafka, topics, decks, plans; services, each with its metrics; Prometheus, Alertmanager"
        )
        running_all = running(
            Path(name), _tell, every_s=options.every, calls_per_s=options.rate, port=options.port
        )
        async with running_all as run:
            say(f"2. look at {run.page} (our own rendering of the dashboards, not Grafana's)")
            say(
                f"   Prometheus itself: {run.prometheus}; {options.rate} calls a second are charged"
            )
            await _for(run, CALM_S)
            await fire(run)
            if options.pictures:
                say(f"5. pictures into {options.pictures}")
                await _for(run, CALM_S)
                await asyncio.to_thread(pictures, run.page, options.pictures)
            if not options.once:
                say("   it goes on; Ctrl-C ends it")
                await _for(run, float("inf"))


async def fire(run: Run) -> None:
    """Kill all charging workers, wait for both alerts, start charging again, wait until they are over."""
    say("3. all charging workers are killed; the alerts come after 2 and 4 minutes")
    run.kill("charging")
    await run.until(lambda: run.received.fires(ABSENT), ABSENT, _FIRES_S)
    await run.until(lambda: run.received.fires(LATE, **OF_CDRS), LATE, _FIRES_S)
    say("4. charging is started anew")
    await run.start("charging")
    await run.until(
        lambda: not (run.received.fires(ABSENT) or run.received.fires(LATE, **OF_CDRS)),
        "that both alerts are over",
        _OVER_S,
    )


async def _for(run: Run, seconds: float) -> None:
    """Let it run; what ends that should not is a CommandError."""
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        run.check()
        await asyncio.sleep(0.5)


def _tell(alert: Alert) -> None:
    state = "FIRING" if alert.firing else "over"
    say(f"   webhook: {state} {alert.name} ({alert.labels.get('severity')}): {alert.summary}")
    if alert.firing:
        say(f"            {alert.description}")
        say(f"            {alert.runbook}")


def main(arguments: list[str] | None = None) -> int:
    """Show it; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.observe", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end when the alerts are over")
    parser.add_argument("--rate", type=whole_number, default=200, help="calls a second")
    parser.add_argument(
        "--every", type=whole_number, default=5, help="seconds from one scrape to the next"
    )
    parser.add_argument("--port", type=whole_number, default=0, help="of the pages; 0: a free one")
    parser.add_argument("--pictures", type=Path, help="folder for a picture of each dashboard")
    try:
        asyncio.run(observe(parser.parse_args(arguments)))
    except (CommandError, LateError) as error:
        say(f"failed: {error}")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("stopped; nothing is left running")
        return 130
    say("nothing is left running")
    return 0


if __name__ == "__main__":
    sys.exit(main())
