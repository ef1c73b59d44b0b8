"""What every command that talks to a broker has: its option, and what its troubles come to."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click
from aiokafka.errors import KafkaError

from rater.kafka.broker import Broker
from rater.kafka.lost_answers import without_lost_answers
from rater.kafka.refusal import NotReachedError, UnreachableError
from rater.kafka.rights import not_allowed
from rater.kafka.security import CHECK_HOSTNAME, SETTINGS, read
from rater.kafka.setting_error import SettingError
from rater.secret import SecretError
from rater.shell.admin import topic_admin
from rater.shell.admin.missing import MissingTopicsError
from rater.shell.process.exit_code import ExitCode

Result = TypeVar("Result")

_BROKER = "rater.cli.broker"
"""Under which name a command's context knows its broker, for messages."""


class CannotRunError(click.ClickException):
    """The command could not do its work; exit code 2."""

    exit_code = ExitCode.CANNOT_RUN


_OPTIONS = (
    click.option(
        "--broker",
        envvar="RATER_BROKER",
        default="localhost:9092",
        show_default=True,
        show_envvar=True,
        metavar="HOST:PORT",
        help="The Kafka broker.",
    ),
    *(
        click.option(
            f"--kafka-{setting.name.replace('_', '-')}",
            f"kafka_{setting.name}",
            envvar=setting.variable,
            show_envvar=True,
            metavar=setting.metavar,
            help=setting.help,
        )
        for setting in SETTINGS
    ),
    click.option(
        "--kafka-check-hostname/--no-kafka-check-hostname",
        f"kafka_{CHECK_HOSTNAME.name}",
        envvar=CHECK_HOSTNAME.variable,
        default=True,
        show_default="checked",
        show_envvar=True,
        help=CHECK_HOSTNAME.help,
    ),
)


def broker_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how Kafka is reached, and `broker`, made of them."""

    @functools.wraps(command)
    def with_broker(*args: Any, **given: Any) -> Any:
        given["broker"] = _broker(given)
        remember(given["broker"])
        return command(*args, **given)

    for option in reversed(_OPTIONS):
        with_broker = option(with_broker)
    return with_broker


def remember(broker: Broker) -> None:
    """Know, for messages, which broker this command is on."""
    if (context := click.get_current_context(silent=True)) is not None:
        context.meta[_BROKER] = broker


def _broker(given: dict[str, Any]) -> Broker:
    """Take the options of Kafka out of what was given, and make the broker; CannotRunError where one is wrong."""
    check_hostname = given.pop(f"kafka_{CHECK_HOSTNAME.name}")
    said = {setting.name: given.pop(f"kafka_{setting.name}") for setting in SETTINGS}
    try:
        return Broker(given["broker"], read(said, check_hostname=check_hostname))
    except (SettingError, SecretError) as error:
        raise CannotRunError(str(error)) from error


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine that talks to a broker; its troubles become one line and exit code 2."""
    try:
        return asyncio.run(without_lost_answers(work))
    except UnreachableError as error:
        raise CannotRunError(f"{error} (set --broker or RATER_BROKER)") from error
    except (topic_admin.TopicNotMadeError, MissingTopicsError) as error:
        raise CannotRunError(str(error)) from error
    except (KafkaError, TimeoutError) as error:
        raise CannotRunError(kafka_trouble(error)) from error


def kafka_trouble(error: Exception) -> str:
    """Return what trouble with Kafka comes to: one line."""
    if isinstance(error, NotReachedError):
        return str(error)
    context = click.get_current_context(silent=True)
    broker = context.meta.get(_BROKER) if context is not None else None
    refused = not_allowed(error, broker.security.principal()) if broker is not None else None
    return str(refused) if refused is not None else f"Kafka: {error or type(error).__name__}"
