"""Options that every service has: the broker, where its metrics are, how long the group waits for it, and its log."""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine, Iterable
from inspect import cleandoc
from typing import Any, NoReturn, TypeVar

import click
import uvloop

from rater.cli.broker import CannotRunError, broker_option
from rater.kafka.refusal import RefusedError
from rater.shell.process.exit_code import ExitCode, said
from rater.shell.process.log_lines import FORMS

log = logging.getLogger(__name__)

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

Command = TypeVar("Command", bound=Callable[..., Any])

_GROUP_OPTION = click.option(
    "--session-timeout",
    "session_timeout_s",
    default=10.0,
    show_default=True,
    type=click.FloatRange(1.0, 300.0),
    help="Seconds after which the group gives a dead one's partitions to others.",
)
_LOG_OPTIONS = (
    click.option(
        "--log-level",
        default="INFO",
        show_default=True,
        type=click.Choice(LOG_LEVELS, case_sensitive=False),
        help="What is logged: this and above.",
    ),
    click.option(
        "--log-format",
        envvar="RATER_LOG_FORMAT",
        default=FORMS[0],
        show_default=True,
        show_envvar=True,
        type=click.Choice(FORMS),
        help="json: one object a line with time, level, logger, event and the fields of the event.",
    ),
)


def service_options(
    metrics_port: int, exits: Iterable[ExitCode] = tuple(ExitCode), *, has_group: bool = True
) -> Callable[[Command], Command]:
    """Add them to a command, and its exit codes to its help; `metrics_port` is its default.

    `has_group`: it shares its work with others of a consumer group.
    """
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
        *([_GROUP_OPTION] if has_group else []),
        *_LOG_OPTIONS,
    )

    def add(command: Command) -> Command:
        command.__doc__ = f"{cleandoc(command.__doc__ or '')}\n\n{said(exits)}"
        for option in reversed(options):
            command = option(command)
        return command

    return add


def run_service(start: Callable[[], Coroutine[Any, Any, int]]) -> NoReturn:
    """Run a service until it ends, and end with its exit code; CannotRunError when it could not start."""
    from rater.shell.process.start import StartError  # noqa: PLC0415

    before = asyncio.get_event_loop_policy()
    # The policy, not just a runner: a worker's consumer has a thread, which makes a loop of its own.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    try:
        sys.exit(asyncio.run(start()))
    except StartError as error:
        raise CannotRunError(str(error)) from error
    except RefusedError as error:
        log.critical("failed: %(refusal)s", {"refusal": error})
        sys.exit(ExitCode.FAILED)
    finally:
        asyncio.set_event_loop_policy(before)
