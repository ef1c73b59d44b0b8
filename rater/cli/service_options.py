"""Options that every service has: the broker, where its metrics are, how long the group waits for it, and its log."""

import logging
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from rater.cli.broker import broker_option
from rater.shell.process.quiet_log import SaidBefore

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

Command = TypeVar("Command", bound=Callable[..., Any])


def service_options(metrics_port: int) -> Callable[[Command], Command]:
    """Add them to a command; `metrics_port` is its default."""
    options = (
        broker_option,
        click.option(
            "--metrics-host",
            default="127.0.0.1",
            show_default=True,
            help="Where /metrics, /livez and /readyz listen.",
        ),
        click.option(
            "--metrics-port",
            default=metrics_port,
            show_default=True,
            type=click.IntRange(0, 65_535),
            help="/metrics, /livez and /readyz; 0 takes a free one and logs it.",
        ),
        click.option(
            "--session-timeout",
            "session_timeout_s",
            default=10.0,
            show_default=True,
            type=click.FloatRange(1.0, 300.0),
            help="Seconds after which the group gives a dead one's partitions to others.",
        ),
        click.option(
            "--log-level",
            default="INFO",
            show_default=True,
            type=click.Choice(LOG_LEVELS, case_sensitive=False),
            help="What is logged: this and above.",
        ),
    )

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def start_logging(level: str) -> None:
    """Log to standard error; what Faust says of itself only when everything is asked for."""
    logging.basicConfig(
        level=level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(SaidBefore())
    if level.upper() != "DEBUG":
        for name in ("faust", "mode"):
            logging.getLogger(name).setLevel(logging.WARNING)
