"""Job options: who asks for something, why, and under which name: what commands of jobs have alike."""

import dataclasses
import functools
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

from rater.cli.broker import CannotRunError
from rater.cli.enquiry import json_option
from rater.cli.moment import Moment
from rater.cli.numbers import Number
from rater.shell.admin.publish import PublishError
from rater.shell.admin.who import Who
from topics.fields import NOTE_MAX

JOB_MAX = 64


def selecting(kind: type[Any], options: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    """Return what gives a command options that say what is meant, and `selection`, a `kind` with their fields."""
    names = [each.name for each in dataclasses.fields(kind)]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_selection(*args: Any, **given: Any) -> Any:
            given["selection"] = kind(**{name: given.pop(name) for name in names})
            return command(*args, **given)

        for option in reversed(options):
            with_selection = option(with_selection)
        return with_selection

    return decorate


def tenant_option(more: str = "") -> Callable[..., Any]:
    """Return the option that names whose things are meant."""
    return click.option("--tenant", metavar="ID", help=f"Of this tenant alone{more}.")


def several(option: str, field: str, metavar: str, what: str) -> Callable[..., Any]:
    """Return an option that may be given several times: any of these is meant."""
    return click.option(
        option, field, multiple=True, metavar=metavar, help=f"{what}; may be repeated."
    )


def until_option(what: str) -> Callable[..., Any]:
    """Return the option that says how old things must be."""
    return click.option(
        "--until", "until_ms", type=Moment(), default=None, metavar="TIME",
        help=f"{what} then or before: 2026-03-01T10:00:00Z, or 15m, 2h, 3d ago.",
    )  # fmt: skip


def options_of_job(what: str, *more: Callable[..., Any]) -> Callable[..., Any]:
    """Return what gives a command the options of a job on `what`, and some of its own."""
    options = (
        click.option("--by", required=True, metavar="NAME", help="Who asks; written down for good."),
        click.option("--reason", metavar="TEXT", help="Why; likewise."),
        click.option("--job", metavar="ID", help="Name of the job; to go on with one that was interrupted, its name."),
        click.option("--dry-run", is_flag=True, help=f"Say what would become of each {what}, and ask nothing."),
        *more,
        json_option,
    )  # fmt: skip

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


job_options = options_of_job(
    "call",
    click.option(
        "--timeout", "timeout_s", type=Number(0.1), default=60.0, show_default=True, metavar="SECONDS",
        help="Wait so long for the answers to 500 calls.",
    ),
)  # fmt: skip
"""Gives a command the options of a job that charging answers."""
all_option = click.option(
    "--all", "is_all", is_flag=True, help="All that wait: where nothing else says which."
)


def refuse_nothing(selection: Any, total: int) -> None:
    """End with exit code 1 where nothing is what was meant: an id or a filter may be misspelt.

    `total` counts what is meant, and what the job has done before: begun again it may find that all is done. Of all
    that there is, nothing may be left to do.
    """
    if not total and not selection.is_all:
        raise click.exceptions.Exit(1)


@contextmanager
def going_on(who: Who) -> Iterator[None]:
    """Have whatever keeps a job from its end say how to go on: a right that is missing, a broker that is gone."""
    try:
        yield
    except (PublishError, CannotRunError) as error:
        why = f"{error}; what was said to be done is done, go on with --job {who.job_id}"
        raise CannotRunError(why) from error


def who_asks(given: Mapping[str, Any]) -> Who:
    """Return who asks; what may not be written down is refused."""
    job = given["job"] or uuid.uuid4().hex[:12]
    for name, text, most in (("--job", job, JOB_MAX), ("--by", given["by"], 128)):
        if not text.isascii() or not text.isprintable() or " " in text or not 0 < len(text) <= most:
            raise click.ClickException(
                f"{name}: must be 1 to {most} characters of ASCII without blanks, found {text[:80]!r}"
            )
    why = given["reason"]
    if why is not None and len(why) > NOTE_MAX:
        raise click.ClickException(
            f"--reason: must have at most {NOTE_MAX} characters, found {len(why)}"
        )
    return Who(job, given["by"], why)
