"""Job options: who asks for something, why, and under which name: what commands of jobs have alike."""

import uuid
from collections.abc import Callable
from typing import Any

import click

from rater.cli.enquiry import json_option
from rater.cli.numbers import Number
from rater.shell.recycling.desk import Who
from topics.fields import NOTE_MAX

JOB_MAX = 64


def job_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a job."""
    options = (
        click.option("--by", required=True, metavar="NAME", help="Who asks; on the ledger for good."),
        click.option("--reason", metavar="TEXT", help="Why; likewise."),
        click.option("--job", metavar="ID", help="Name of the job; to go on with one that was interrupted, its name."),
        click.option("--dry-run", is_flag=True, help="Say what would become of each call, and ask nothing."),
        click.option(
            "--timeout", "timeout_s", type=Number(0.1), default=60.0, show_default=True, metavar="SECONDS",
            help="Wait so long for the answers to 500 calls.",
        ),
        json_option,
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def who_asks(given: dict[str, Any]) -> Who:
    """Return who asks; what may not stand on the ledger is refused."""
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
