"""Retention as commands take it: an option, and a variable, for as many topics as are to have another time."""

import click

from topics.retention import RetentionError, times

VARIABLE = "RATER_TOPICS_RETENTION"
"""For how long topics keep records, where not as the catalog has it: `TOPIC=TIME`, with blanks between."""


def _times(_ctx: click.Context, _param: click.Parameter, said: tuple[str, ...]) -> dict[str, int]:
    try:
        return times(said)
    except RetentionError as error:
        raise click.BadParameter(str(error)) from error


retention_option = click.option(
    "--retention",
    metavar="TOPIC=TIME",
    multiple=True,
    envvar=VARIABLE,
    show_envvar=True,
    callback=_times,
    help="For how long a topic keeps records, where not as the catalog has it (rater topics list): "
    "ledger.entries.v1=400d, or =forever. May be given for several; the variable has them with blanks between.",
)
