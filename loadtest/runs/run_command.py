"""`loadtest run`: the standard run of a few minutes, and its page."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import click

from loadtest.logins import LoginError
from loadtest.plan import Plan
from loadtest.progress import say
from loadtest.rater_command import CommandError, now_ms
from loadtest.replay.numbers import decimal, whole
from loadtest.runs.page import page
from loadtest.runs.record import HISTORY, PAGE, RecordError, line_of, remember, write
from loadtest.runs.standard import Standard, perform
from loadtest.watch import LateError

RESULTS = Path("build/load")
USERS = 5
POST_PAID = PROMOTIONAL = 10.0


FAULTS = (CommandError, LateError, LookupError, LoginError, RecordError, OSError)


class CannotRunError(click.ClickException):
    """It could not be measured; exit code 2."""

    exit_code = 2


@click.command()
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=RESULTS, show_default=True,
              help="Where run.json and run.html are written, over those of the run before.")  # fmt: skip
@click.option("--num-records", "cdrs", type=whole(50_000, 10**9), default=400_000, show_default=True, metavar="N",
              help="CDRs that are charged as fast as it goes.")  # fmt: skip
@click.option("--tenants", type=whole(1, 10_000_000), default=1_000, show_default=True, metavar="N",
              help="Accounts that share them.")  # fmt: skip
@click.option("--seed", type=whole(0, 2**31), default=1, show_default=True, metavar="N",
              help="Another seed, other calls.")  # fmt: skip
@click.option("--seconds", type=decimal(0, 86_400), default=30.0, show_default=True, metavar="SECONDS",
              help="Of latency by a schedule; 0: none is measured.")  # fmt: skip
@click.option("--share", type=decimal(1, 100), default=50.0, show_default=True, metavar="PERCENT",
              help="Of what the machine was found to charge: so much is offered then.")  # fmt: skip
@click.option("--throughput", "--rate", "rate", type=decimal(0.001, 1e9), metavar="N",
              help="CDRs a second are offered instead.")  # fmt: skip
def run(folder: Path, **given: Any) -> None:
    """Measure a charging worker on this machine: how fast, at what cost, how late, and whether the money is right.

    It starts brokers and workers of its own, and leaves nothing running. Tenants hold plans, have users, some pay
    later, some are given credit; records are repeated, broken, misrouted. Every account is held against what the load
    must lead to, and `rater reconcile` proves the topics. The last line is one JSON object. Exit 0: valid, and the
    money is right; 1: it is not; 2: it could not be measured.
    """
    try:
        found = asyncio.run(perform(_standard(given)))
        write(found, folder)
        remember(found, folder / HISTORY)
        (folder / PAGE).write_text(page([found]), encoding="utf-8")
    except FAULTS as error:
        raise CannotRunError(str(error) or type(error).__name__) from error
    except KeyboardInterrupt:
        say("stopped; nothing is left running")
        sys.exit(130)
    say(f"page: {folder / PAGE}")
    click.echo(json.dumps(line_of(found)))
    sys.exit(0 if found.is_good else 1)


def _standard(given: dict[str, Any]) -> Standard:
    words = ["run", "--num-records", str(given["cdrs"])]
    for name in ("tenants", "seed", "seconds", "share"):
        value = given[name]
        words += [f"--{name}", str(value) if isinstance(value, int) else f"{value:g}"]
    if given["rate"] is not None:
        words += ["--throughput", f"{given['rate']:g}"]
    plan = Plan(
        start_ms=now_ms(),
        seed=given["seed"],
        tenants=given["tenants"],
        cdrs=given["cdrs"],
        plans="drawn",
        users=USERS,
        post_paid=POST_PAID,
        promotional=PROMOTIONAL,
    )
    return Standard(plan, given["seconds"], given["share"] / 100, given["rate"] or 0.0, words)
