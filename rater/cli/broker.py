"""What every command that talks to a broker has: its option, and what its troubles come to."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import click
from aiokafka.errors import KafkaError

from rater.kafka.broker import Broker
from rater.shell.admin import topic_admin
from rater.shell.process.exit_code import ExitCode

Result = TypeVar("Result")


def _broker(_ctx: click.Context, _param: click.Parameter, address: str) -> Broker:
    return Broker(address)


broker_option = click.option(
    "--broker",
    envvar="RATER_BROKER",
    default="localhost:9092",
    show_default=True,
    show_envvar=True,
    metavar="HOST:PORT",
    callback=_broker,
    help="The Kafka broker.",
)


class CannotRunError(click.ClickException):
    """The command could not do its work; exit code 2."""

    exit_code = ExitCode.CANNOT_RUN


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine that talks to a broker; its troubles become one line and exit code 2."""
    try:
        return asyncio.run(work)
    except topic_admin.BrokerUnreachableError as error:
        raise CannotRunError(f"{error} (set --broker or RATER_BROKER)") from error
    except topic_admin.TopicNotMadeError as error:
        raise CannotRunError(str(error)) from error
    except (KafkaError, TimeoutError) as error:
        raise CannotRunError(f"Kafka: {error or type(error).__name__}") from error
