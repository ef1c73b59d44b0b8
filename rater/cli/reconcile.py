"""`rater reconcile`: prove from the topics alone that the money is right."""

import asyncio
import gc
import json
import logging
import sys

import click
from aiokafka.errors import KafkaError
from tqdm import tqdm

from rater.reconcile.deck_shelf import read_decks
from rater.reconcile.kafka_log import CannotReadError, open_log
from rater.reconcile.settings_shelf import read_settings
from rater.reconcile.verdict import Verdict, begin, prove
from rater.shell import topic_admin
from rater.shell.stream.bounded_records import bound_unpacking
from topics import catalog


class CannotRunError(click.ClickException):
    """The command could not do its work; exit code 2."""

    exit_code = 2


@click.command()
@click.option(
    "--broker",
    envvar="RATER_BROKER",
    default="localhost:9092",
    show_default=True,
    show_envvar=True,
    metavar="HOST:PORT",
    help="The Kafka broker.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, with all differences."
)
@click.option(
    "--complete", is_flag=True, help="Source records that no batch has read yet are a difference."
)
def reconcile(*, broker: str, as_json: bool, complete: bool) -> None:
    """Prove from the topics alone that the money is right: exit 0 clean, 1 a difference, 2 could not run.

    Of charging: every CDR came to one thing, every entry follows from the one before. Of recharge: what was captured
    is credited, once, and nothing else is; one payment command at a time; caps; each notification once.

    Reads what is committed up to now and writes nothing. Run it when the workers have caught up: what they
    commit while it reads the ends may be seen in one topic and not yet in another.
    """
    bound_unpacking()
    # What is read has no cycles: the collector would only walk through all of it again and again.
    gc.disable()
    try:
        verdict = asyncio.run(_reconcile(broker, complete=complete))
    except (CannotReadError, topic_admin.BrokerUnreachableError) as error:
        raise CannotRunError(f"{error} (set --broker or RATER_BROKER)") from error
    except (KafkaError, TimeoutError) as error:
        raise CannotRunError(f"Kafka: {error or type(error).__name__}") from error
    except Exception as error:
        # Exit code 1 says that money differs; a fault of our own must not.
        logging.getLogger(__name__).exception("the reconciler failed")
        raise CannotRunError(f"{type(error).__name__}: {error}") from error
    finally:
        gc.enable()
    if as_json:
        click.echo(json.dumps(verdict.as_dict()))
    else:
        for line in verdict.lines():
            click.echo(line)
    sys.exit(0 if verdict.is_clean else 1)


async def _reconcile(broker: str, *, complete: bool) -> Verdict:
    async with topic_admin.connected(broker):
        pass  # Which of three troubles it is, should it not answer.
    async with open_log(broker) as log:
        shelf = read_decks(await log.shared(catalog.RATE_DECKS.name))
        settings = read_settings(await log.shared(catalog.CHARGING_SETTINGS.name))
        verdict = begin(shelf, settings)
        if not log.is_still:
            note = "that all topics were read at one moment: workers were writing, run it again when they rest"
            verdict.unproven.append(note)
        is_shown = sys.stderr.isatty()
        with tqdm(total=log.total, unit=" records", unit_scale=True, disable=not is_shown) as bar:
            log.progress = bar.update
            async for part in log.logs():
                prove(verdict, part, shelf, settings, complete=complete)
    return verdict
