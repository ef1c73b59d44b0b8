"""`rater watch`: see from outside how far behind every consumer group is, until told to stop, or once."""

import json
from typing import TYPE_CHECKING, Any

import click

from rater.cli.broker import CannotRunError
from rater.cli.broker import run as run_once
from rater.cli.columns import print_columns
from rater.cli.numbers import Number
from rater.cli.service_options import read_or_end, run_service, service_options
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.log_lines import start_logging
from rater.shell.watch.settings import WatchSettings

if TYPE_CHECKING:
    from rater.kafka.broker import Broker
    from rater.shell.watch.observer import GroupLag, Look

_HEAD = ("group", "topic", "partition", "committed", "end", "lag", "age s", "lost", "members")
_NOT_KNOWN = "?"


@click.command()
@click.option("--once", is_flag=True, help="Look once, print a table, and end.")
@click.option("--json", "as_json", is_flag=True, help="With --once: an object a line instead.")
@click.option(
    "--max-lag-seconds",
    "max_lag_s",
    type=Number(0.0),
    metavar="N",
    help="With --once: exit 1 where a record has waited for longer, or records were lost.",
)
@service_options(WatchSettings, (ExitCode.STOPPED, ExitCode.FAILED, ExitCode.CANNOT_RUN))
def watch(given: dict[str, Any], *, once: bool, as_json: bool, max_lag_s: float | None) -> None:
    """See from outside how far behind every consumer group is: in offsets, and in seconds.

    It needs Describe and Read, joins no group and never writes. With all workers dead it goes on telling.
    """
    from rater.shell.watch.process import run  # noqa: PLC0415

    if not once and (as_json or max_lag_s is not None):
        raise click.UsageError("--json and --max-lag-seconds go with --once")
    settings = read_or_end(WatchSettings, given).settings
    if once:
        _look_once(settings.broker, max_lag_s, as_json=as_json)
        return
    start_logging(settings.log_level, settings.log_format)
    run_service(lambda: run(settings))


def _look_once(broker: "Broker", max_lag_s: float | None, *, as_json: bool) -> None:
    from rater.shell.process.start import StartError  # noqa: PLC0415
    from rater.shell.watch.process import look_once  # noqa: PLC0415

    try:
        look = run_once(look_once(broker))
    except StartError as error:
        raise CannotRunError(str(error)) from error
    if as_json:
        for each in look.lags:
            click.echo(json.dumps(_fields(each, look)))
    else:
        print_columns([_HEAD, *(_row(each, look) for each in look.lags)])
    if max_lag_s is not None:
        _judge(look, max_lag_s)


def _judge(look: "Look", max_lag_s: float) -> None:
    """End with 1 where a group is too far behind, or has lost records; CannotRunError where that is not known."""
    over = [
        each
        for each in look.lags
        if each.offsets.lost or each.offsets.is_beyond or (each.lag.seconds or 0.0) > max_lag_s
    ]
    if over:
        raise click.exceptions.Exit(ExitCode.FAILED)
    if any(each.lag.seconds is None for each in look.lags):
        raise CannotRunError("the age of some records could not be read")


def _fields(each: "GroupLag", look: "Look") -> dict[str, Any]:
    return {
        "group": each.group,
        "topic": each.topic,
        "partition": each.partition,
        "committed_offset": each.offsets.committed,
        "start_offset": each.offsets.start,
        "stable_offset": each.offsets.stable,
        "end_offset": each.offsets.end,
        "lag_records": each.lag.records,
        "lag_seconds": each.lag.seconds,
        "lost_records": each.offsets.lost,
        "members": look.members[each.group],
    }


def _row(each: "GroupLag", look: "Look") -> tuple[str, ...]:
    committed, seconds = each.offsets.committed, each.lag.seconds
    return (
        *(each.group, each.topic, str(each.partition)),
        "never" if committed is None else str(committed),
        *(str(each.offsets.end), str(each.lag.records)),
        _NOT_KNOWN if seconds is None else f"{seconds:.1f}",
        *(str(each.offsets.lost), str(look.members[each.group])),
    )
