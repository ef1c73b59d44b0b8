"""`loadtest replay`: send CDRs of a file to a broker, by a schedule that is kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from aiokafka.errors import KafkaError

from loadtest.logins import LoginError
from loadtest.rater_command import CommandError
from loadtest.replay.bounds import instant, offsets
from loadtest.replay.faults import ReplayError
from loadtest.replay.numbers import decimal, whole
from loadtest.replay.order import KEPT_DIGITS, MAP, REWRITE, Order, check_writable
from loadtest.replay.outcome import INTERRUPT
from loadtest.replay.sources import FORMATS, STANDARD_INPUT

POSITIVE = decimal(0.001, 1e9)
COUNT = whole(1, 10**15)
AS_FAST_AS_TAKEN = "-1"
"""A throughput, as kafka-producer-perf-test says it."""
FILE = click.Path(dir_okay=False, path_type=Path)


def throughput(value: object) -> float | None:
    """Read a rate; None: as fast as the broker takes them."""
    return None if str(value) == AS_FAST_AS_TAKEN else POSITIVE(value)


class CannotReplayError(click.ClickException):
    """It could not be replayed; exit code 2."""

    exit_code = 2


at_broker = click.option("--broker", "--bootstrap-server", "broker", envvar="RATER_BROKER", default="localhost:9092",
                         show_default=True, show_envvar=True, metavar="HOST:PORT",
                         help="The Kafka broker; the login is that of RATER_KAFKA_...")  # fmt: skip
i_know = click.option("--i-know", "is_known", is_flag=True,
                      help="Also on another machine, where a gateway is, or tenants of others.")  # fmt: skip


@click.command()
@click.argument("file", required=False)
@at_broker
@click.option("--payload-file", metavar="FILE", help="FILE, as kafka-producer-perf-test names it.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Of the file; its name tells it."
)
@click.option("--map", "columns", type=FILE, metavar="TOML",
              help="What the columns of a table mean.")  # fmt: skip
@click.option("--throughput", "--rate", "rate", type=throughput, metavar="N",
              help="Records a second; -1: as fast as the broker takes them.")  # fmt: skip
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
@click.option("--tenants", type=click.Choice([MAP, REWRITE]),
              help="Charge others: those of --tenant-map, or a load test's own, by a hash of the name.")  # fmt: skip
@click.option("--tenant-map", type=FILE, metavar="TOML",
              help="Of each tenant of the file the one who is charged.")  # fmt: skip
@click.option("--tenant-count", type=whole(1, 10**7), default=1_000, show_default=True, metavar="N",
              help="With --tenants rewrite: so many, tenant-0001 the first (`loadtest accounts open`).")  # fmt: skip
@click.option("--anonymise", is_flag=True,
              help="Hide who called whom, numbers, users, names, ids; what decides prices stays.")  # fmt: skip
@click.option("--key-file", type=FILE, metavar="FILE",
              help="With --anonymise: what pseudonyms are made by; without it a new key each time.")  # fmt: skip
@click.option("--deck", "decks", type=FILE, multiple=True, metavar="CSV",
              help="With --anonymise: a deck whose prices stay the same; more than once.")  # fmt: skip
@click.option("--keep-digits", type=whole(1, 15), metavar="N",
              help=f"With --anonymise: so many digits stay, or more; {KEPT_DIGITS} without a deck.")  # fmt: skip
@click.option("--loop", "laps", type=whole(0, 10**9), default=1, show_default=True, metavar="N",
              help="Send all of it N times, with other ids and later times; 0: until it is interrupted.")  # fmt: skip
@click.option("--source-broker", metavar="HOST:PORT",
              help="Of kafka:TOPIC, where that is another one.")  # fmt: skip
@click.option("--source-login", type=FILE, metavar="ENV",
              help="Lines RATER_KAFKA_...=value: the login there; without it that of the broker.")  # fmt: skip
@click.option("--from-time", type=instant, metavar="TIME",
              help="Of kafka:TOPIC: records not earlier than this, by their own times.")  # fmt: skip
@click.option("--until-time", type=instant, metavar="TIME", help="Likewise: earlier than this.")
@click.option("--from-offsets", type=offsets, default="", metavar="P:N,...",
              help="Of kafka:TOPIC: of a partition the first offset.")  # fmt: skip
@click.option("--until-offsets", type=offsets, default="", metavar="P:N,...",
              help="Likewise: the one behind the last.")  # fmt: skip
@click.option("--reporting-interval", "reporting_ms", type=whole(100, 3_600_000), default=5_000,
              show_default=True, metavar="MS",
              help="A line of progress so often, where there is no terminal.")  # fmt: skip
@click.option("--hdr", type=FILE, metavar="HLOG",
              help="Write histograms of due to acknowledged here, for HdrHistogram's tools.")  # fmt: skip
@click.option("--procs", "processes", type=whole(1, 64), default=1, show_default=True,
              help="Processes that share the work, by partitions.")  # fmt: skip
@click.option("--report", "told", type=FILE, metavar="JSON",
              help="Write the report here, too.")  # fmt: skip
@i_know
def replay(file: str | None, payload_file: str | None, told: Path | None, **given: Any) -> None:
    """Send the CDRs of FILE (JSON lines, CSV, Parquet; .gz, .zst; - is standard input) to cdr.raw.v1.

    FILE may be kafka:TOPIC: a range of a topic of call-detail records.

    Without --throughput and --speed as fast as the broker takes them. A record counts from when it was due, however
    late it is sent; none is skipped for that. JSON lines that are not altered are sent byte for byte. An interrupt
    ends it with a report; --from-record goes on. Where a payment gateway is, or accounts that no load test has made,
    nothing is sent without --i-know. The last line is the report, one JSON object. Exit 0: all is sent, or it was
    interrupted; 1: it was later than its schedule allows (p99 above 100 ms); 2: it could not be replayed.
    """
    if file is not None and payload_file is not None:
        raise CannotReplayError("FILE and --payload-file: give one of them")
    try:
        if told is not None:
            check_writable(told)
        found = Order(file=file or payload_file or STANDARD_INPUT, **given).perform()
    except (ReplayError, CommandError, LoginError, KafkaError, OSError) as error:
        raise CannotReplayError(str(error) or type(error).__name__) from error
    line = json.dumps(found)
    if told is not None:
        told.write_text(f"{line}\n", encoding="utf-8")
    click.echo(line)
    is_late = not found.get("schedule_kept", True)
    sys.exit(1 if is_late and found["ended_by"] != INTERRUPT else 0)
