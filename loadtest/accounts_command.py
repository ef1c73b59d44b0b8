"""`loadtest accounts`: open and fund the accounts of a load test, and close them again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import click
from aiokafka.errors import KafkaError

from loadtest.logins import LoginError
from loadtest.own_accounts import MICROS, Terms, close_accounts, open_accounts
from loadtest.rater_command import CommandError, now_ms
from loadtest.replay.command import CannotReplayError, at_broker, i_know
from loadtest.replay.faults import ReplayError
from loadtest.replay.numbers import decimal, whole
from loadtest.replay.order import look

wait = click.option("--wait", "wait_s", type=decimal(0.1, 86_400), default=60.0, show_default=True,
                    metavar="SECONDS", help="So long charging may take.")  # fmt: skip


@click.group()
def accounts() -> None:
    """Open, fund and close accounts of a load test: tenant-0001 and so on.

    `rater worker charging` must run. Exit 0: done; 2: it could not be done.
    """


@accounts.command("open")
@at_broker
@click.option("--count", "number", type=whole(1, 10**7), default=1_000, show_default=True, metavar="N",
              help="So many, as with `loadtest replay --tenants rewrite --tenant-count N`.")  # fmt: skip
@click.option("--funds", type=whole(0, 10**9), default=1_000, show_default=True, metavar="UNITS",
              help="What each is given, in units of the currency; again each time; 0: nothing.")  # fmt: skip
@click.option("--currency", default="USD", show_default=True, help="ISO 4217.")
@click.option("--deck", "decks", default=("sample",), show_default=True, multiple=True, metavar="ID",
              help="What prices their calls; more than once, the first the first that is asked.")  # fmt: skip
@wait
@i_know
def open_them(**given: Any) -> None:
    """Open those that are not there, reopen those that are closed, and add a lot to each."""
    terms = Terms(given["currency"], given["decks"], given["funds"] * MICROS)
    done = _done(
        given,
        lambda: open_accounts(given["broker"], given["number"], terms, now_ms(), given["wait_s"]),
    )
    click.echo(f"{done} accounts are open")


@accounts.command("close")
@at_broker
@wait
@i_know
def close_them(**given: Any) -> None:
    """Wait until all calls are charged, then close all that are open and named as those of a load test."""
    done = _done(given, lambda: close_accounts(given["broker"], now_ms(), given["wait_s"]))
    click.echo(f"{done} accounts are closed")


def _done(given: dict[str, Any], work: Callable[[], Coroutine[Any, Any, int]]) -> int:
    try:
        if not given["is_known"]:
            look(given["broker"])
        return asyncio.run(work())
    except (ReplayError, CommandError, LoginError, KafkaError, LookupError, OSError) as error:
        raise CannotReplayError(str(error) or type(error).__name__) from error
