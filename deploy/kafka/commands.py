"""The command line of broker.py: what a person or a program types, and what is printed."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.kafka import broker as broker_tool
from deploy.kafka.address import answers, listens
from deploy.kafka.broker import HOME, Broker, instances, say
from deploy.kafka.class_archive import archive_options
from deploy.kafka.cluster import Cluster, members
from deploy.kafka.distribution import BrokerError, fetch
from deploy.kafka.secured import environments, read_access
from topics.numerals import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.kafka.secured import Secured


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command of the command line; return the exit code."""
    asked = _parser().parse_args(arguments)
    external = os.environ.get("RATER_BROKER")
    try:
        if external and asked.command == "up":
            return _use(external)
        ACTIONS[asked.command](asked)
    except BrokerError as error:
        say(str(error))
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    """Build the command line's grammar."""
    parser = argparse.ArgumentParser(
        prog="broker.py", description=broker_tool.__doc__.partition("\n")[0]
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("fetch", help="get Kafka's jars and start nothing")
    commands.add_parser(
        "classes", help="load a broker's classes, from which brokers of tests start"
    )
    commands.add_parser("status", help="list the instances and where they listen")
    commands.add_parser("down-all", help="stop every instance of this folder")
    up = commands.add_parser("up", help="start, wait until it answers, print host:port")
    up.add_argument(
        "--port", type=whole_number, default=9092, help="0 takes a free one (default: 9092)"
    )
    up.add_argument(
        "--acls", type=Path, metavar="FILE",
        help="make it a secured one: with the users and rights that `rater topics acls --format json` printed",
    )  # fmt: skip
    up.add_argument("--data", type=Path, help="log directory (default: .kafka/INSTANCE/data)")
    up.add_argument(
        "--brokers", type=whole_number, default=1, metavar="N",
        help="so many that are one Kafka, 3 or more: INSTANCE-1, INSTANCE-2, ... on PORT, PORT+1, ... (default: 1)",
    )  # fmt: skip
    down = commands.add_parser("down", help="stop; the data stay")
    kill9 = commands.add_parser("kill9", help="end as a crash would; the data stay")
    remove = commands.add_parser("remove", help="end and delete the data")
    for command in (up, down, kill9, remove):
        command.add_argument(
            "--instance", default="dev",
            help="which broker (default: dev); of several INSTANCE are all, INSTANCE-2 is the second",
        )  # fmt: skip
    return parser


def _use(external: str) -> int:
    """Point to the broker that RATER_BROKER names; exit code 1 when it does not answer."""
    say(f"RATER_BROKER is set: {external} is used, nothing is started (unset it to start one here)")
    protocol = os.environ.get("RATER_KAFKA_SECURITY_PROTOCOL") or "PLAINTEXT"
    # One that wants a login answers to nobody here: it is enough that somebody listens.
    there = answers if protocol == "PLAINTEXT" else listens
    if not there(external, timeout_s=5.0):
        say(f"RATER_BROKER={external}: no Kafka answers there")
        return 1
    print(external)
    return 0


def _up(asked: argparse.Namespace) -> None:
    """Start an instance and print its address, or those of all that are one Kafka."""
    access = read_access(asked.acls) if asked.acls else None
    started: Broker | Cluster
    if asked.brokers > 1 or members(asked.instance):
        size = asked.brokers if asked.brokers > 1 else len(members(asked.instance))
        if asked.data:
            raise BrokerError("--data: of one broker alone, not of several")
        started = Cluster(asked.instance, size=size, port=asked.port, access=access)
    else:
        started = Broker(asked.instance, port=asked.port, data=asked.data, access=access)
    brokers = started.brokers if isinstance(started, Cluster) else [started]
    if not all(broker.pid for broker in brokers):
        say(f"starting Apache Kafka 4.3.0, instance {asked.instance} ...")
    began = time.monotonic()
    print(started.start(), flush=True)
    took = f"answers after {time.monotonic() - began:.1f} s"
    for broker in brokers:
        say(f"{broker.bootstrap} {took} (pid {broker.pid}, log {broker.log})")
    if brokers[0].secured is not None:
        _tell_secured(brokers[0].secured)


def _tell_secured(secured: Secured) -> None:
    """Say how people get in; where the passwords lie, and none of them."""
    files = [file.name for file in environments(secured.folder)]
    say(f"TLS and SCRAM-SHA-512; with a certificate (mutual TLS) at {secured.certificates}")
    say(
        f"in a shell: `. {secured.folder}/admin.env` may do everything; with its own rights each of"
    )
    say(f"    {' '.join(files[1:])}")


def _chosen(instance: str) -> Broker | Cluster:
    """Return one broker, or all of a cluster."""
    size = len(members(instance))
    return Cluster(instance, size=size) if size else Broker(instance)


def _down(asked: argparse.Namespace) -> None:
    """Stop one instance."""
    chosen = _chosen(asked.instance)
    brokers = chosen.brokers if isinstance(chosen, Cluster) else [chosen]
    runs = any(broker.pid for broker in brokers)
    say(f"stopping {asked.instance} ..." if runs else f"{asked.instance} does not run")
    chosen.stop()


def _down_all(_asked: argparse.Namespace) -> None:
    """Stop every instance; those of a cluster together."""
    found = instances()
    clusters = {broker.member.cluster for broker in found if broker.member is not None}
    for name in [*clusters, *(broker.folder.name for broker in found if broker.member is None)]:
        _down(argparse.Namespace(instance=name))


def _status(_asked: argparse.Namespace) -> None:
    """List every instance."""
    for broker in instances():
        state = f"pid {broker.pid}" if broker.pid else "down"
        print(f"{broker.folder.name}\t{broker.bootstrap}\t{state}\t{broker.data}")


ACTIONS: dict[str, Callable[[argparse.Namespace], object]] = {
    "fetch": lambda _asked: fetch(HOME, say),
    "classes": lambda _asked: archive_options(HOME, fetch(HOME, say)),
    "up": _up,
    "down": _down,
    "down-all": _down_all,
    "status": _status,
    "kill9": lambda asked: _chosen(asked.instance).kill(),
    "remove": lambda asked: _chosen(asked.instance).remove(),
}
