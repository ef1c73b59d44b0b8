"""`loadtest replay`: send CDRs of a file to a broker, by a schedule that is kept."""

from __future__ import annotations

import json
import sys
import time
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import click
import uvloop
from aiokafka.errors import KafkaError

from loadtest.logins import LoginError
from loadtest.progress import Progress
from loadtest.rater_command import CommandError
from loadtest.replay.altering import Altering
from loadtest.replay.columns import read_columns
from loadtest.replay.faults import ReplayError
from loadtest.replay.numbers import decimal, whole
from loadtest.replay.occupants import refuse_occupied
from loadtest.replay.outcome import INTERRUPT, report
from loadtest.replay.processes import perform
from loadtest.replay.reading import Choice, measure
from loadtest.replay.replaying import Replay
from loadtest.replay.schedule import Schedule, shift_ms
from loadtest.replay.sources import FORMATS, Source, format_of

POSITIVE = decimal(0.001, 1e9)
COUNT = whole(1, 10**15)


def is_own(brokers: str) -> bool:
    """Say whether all of some addresses, host:port with commas between, are this machine's by their names alone."""
    hosts = [each.strip().rpartition(":")[0].strip("[]") for each in brokers.split(",")]
    return all(host == "localhost" or _is_loopback(host) for host in hosts)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class CannotReplayError(click.ClickException):
    """It could not be replayed; exit code 2."""

    exit_code = 2


@click.command()
@click.argument("file", default="-")
@click.option("--broker", envvar="RATER_BROKER", default="localhost:9092", show_default=True,
              show_envvar=True, metavar="HOST:PORT",
              help="The Kafka broker; the login is that of RATER_KAFKA_...")  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Of the file; its name tells it."
)
@click.option("--map", "columns", type=click.Path(dir_okay=False, path_type=Path), metavar="TOML",
              help="What the columns of a table mean.")  # fmt: skip
@click.option(
    "--throughput", "--rate", "rate", type=POSITIVE, metavar="N", help="Records a second."
)
@click.option(
    "--speed", type=POSITIVE, metavar="X", help="So many times as fast as the calls ended."
)
@click.option("--num-records", "count", type=COUNT, metavar="N", help="No more than so many.")
@click.option("--from-record", "first", type=COUNT, default=1, metavar="N",
              help="Begin with this one; the first is 1.")  # fmt: skip
@click.option("--shift-time", type=click.Choice(["now"]),
              help="Move the times of calls, so that the last has ended when it is sent.")  # fmt: skip
@click.option(
    "--keep-weekdays", is_flag=True, help="With --shift-time: by whole weeks, up to one less."
)
@click.option("--new-ids", "id_suffix", default="", metavar="TEXT",
              help="Put this behind each cdr_id, so that a second replay is no duplicate.")  # fmt: skip
@click.option("--procs", "processes", type=whole(1, 64), default=1, show_default=True,
              help="Processes that share the work, by partitions.")  # fmt: skip
@click.option("--report", "told", type=click.Path(dir_okay=False, path_type=Path), metavar="JSON",
              help="Write the report here, too.")  # fmt: skip
@click.option("--i-know", "is_known", is_flag=True,
              help="Send to another machine, and where a payment gateway or tenants of others are, too.")  # fmt: skip
def replay(file: str, broker: str, told: Path | None, **given: Any) -> None:
    """Send the CDRs of FILE (JSON lines, CSV, Parquet; .gz, .zst; - is standard input) to cdr.raw.v1.

    Without --throughput and --speed as fast as the broker takes them. A record counts from when it was due, however
    late it is sent; nothing is left out. JSON lines that are not altered are sent byte for byte. An interrupt ends it
    with a report; --from-record goes on. Where a payment gateway is, or accounts that no load test has made, nothing is
    sent without --i-know. The last line is the report, one JSON object. Exit 0: all is sent, or it was interrupted; 1:
    it was later than its schedule allows (p99 above 100 ms); 2: it could not be replayed.
    """
    try:
        found = _replayed(file, broker, given)
    except (ReplayError, CommandError, LoginError, KafkaError, OSError) as error:
        raise CannotReplayError(str(error) or type(error).__name__) from error
    line = json.dumps(found)
    if told is not None:
        told.write_text(f"{line}\n", encoding="utf-8")
    click.echo(line)
    is_late = not found.get("schedule_kept", True)
    sys.exit(1 if is_late and found["ended_by"] != INTERRUPT else 0)


def _replayed(file: str, broker: str, given: dict[str, Any]) -> dict[str, Any]:
    if given["rate"] is not None and given["speed"] is not None:
        raise ReplayError("--throughput and --speed: give one of them")
    columns = None if given["columns"] is None else read_columns(given["columns"])
    choice = Choice(
        Source(file, given["form"] or format_of(file), columns), given["first"], given["count"]
    )
    schedule = Schedule(given["rate"], given["speed"])
    if given["processes"] > 1 and choice.source.is_read_once:
        raise ReplayError("--procs: each process reads the file, which standard input is not")
    if not given["is_known"]:
        _look(broker)
    total, shift = 0, 0
    if not choice.source.is_read_once:
        extent = measure(choice, has_times=given["shift_time"] is not None)
        total = extent.records
        if given["shift_time"]:
            now_ms = time.time_ns() // 1_000_000
            shift = shift_ms(schedule, extent, now_ms, keeps_weekdays=given["keep_weekdays"])
    elif given["shift_time"]:
        raise ReplayError("--shift-time: the file is read twice, which standard input cannot be")
    run = Replay(broker, choice, Altering(shift, given["id_suffix"]), schedule)
    with Progress(f"replaying {file}", total, "CDR") as progress:
        outcomes = perform(run, given["processes"], progress.to)
    asked = {"file": file, "shift_ms": shift, "throughput": given["rate"], "speed": given["speed"]}
    return report(outcomes) | asked | {"processes": given["processes"]}


def _look(broker: str) -> None:
    """Raise ReplayError where calls or payments could be somebody's in earnest."""
    if not is_own(broker):
        raise ReplayError(
            f"{broker} is another machine: calls are charged there, and payments may be made (--i-know)"
        )
    uvloop.run(refuse_occupied(broker))
