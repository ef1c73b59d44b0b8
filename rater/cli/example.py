"""`rater example`: JSON lines to try the rater with, for accounts and calls of today.

The lines are in `rater/data/examples`; `@65m@` in them is the time 65 minutes ago. A CDR older than the window of
duplicates would wait in suspense, so that lines with fixed times could not be used for long.
"""

import re
from importlib.resources import files

import click

from rater.core.times import to_text
from rater.shell.process.clock import now_ms

_AGO = re.compile(r"@(\d+)(s|m)@")
_UNIT_MS = {"s": 1_000, "m": 60_000}


@click.command()
@click.argument(
    "what", type=click.Choice(["commands", "requests", "cdrs", "unpriced", "correction", "void"])
)
def example(what: str) -> None:
    """Print lines for `rater produce`: commands that open two accounts, what is asked of them, or their calls.

    commands is for account.commands.v1, requests for account.requests.v1, all others for cdr.raw.v1: unpriced is a call
    that no deck prices, correction says another duration of a call of cdrs, void takes the unpriced one back. Their
    times are of the last hours.
    """
    text = (files("rater") / "data" / "examples" / f"{what}.jsonl").read_text()
    click.echo(at_time(text, now_ms() // 1_000 * 1_000), nl=False)


def at_time(text: str, present_ms: int) -> str:
    """Return the lines with their times filled in."""

    def moment(ago: re.Match[str]) -> str:
        return to_text(present_ms - int(ago[1]) * _UNIT_MS[ago[2]])

    return _AGO.sub(moment, text)
