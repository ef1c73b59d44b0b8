"""`rater reconcile`: prove from the topics alone that the money is right."""

import asyncio
import gc
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import click
from aiokafka.errors import KafkaError
from tqdm import tqdm

from rater.cli.broker import CannotRunError, kafka_trouble
from rater.cli.service_options import read_or_end, run_service, settings_options
from rater.kafka.broker import Broker
from rater.kafka.lost_answers import without_lost_answers
from rater.kafka.refusal import UnreachableError
from rater.reconcile.folds.deck_versions import read_decks
from rater.reconcile.folds.plan_versions import read_plans
from rater.reconcile.folds.published import Published
from rater.reconcile.folds.replays import Replays
from rater.reconcile.folds.settings_versions import read_settings
from rater.reconcile.reading.kafka_log import CannotReadError, KafkaLog, open_log
from rater.reconcile.report import Report, begin, conclude, hold_published, prove
from rater.shell.admin import topic_admin
from rater.shell.follower.settings import FollowerSettings
from rater.shell.process.early_stop import INTERRUPTED, end_at_once
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.log_lines import start_logging
from topics import catalog


class _CannotWriteError(Exception):
    """Standard output does not take the verdict."""


@click.command()
@click.option(
    "--follow",
    is_flag=True,
    help="Run on, and prove what charging writes as it comes; the whole is swept now and then.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, with all differences."
)
@click.option(
    "--complete", is_flag=True, help="Source records that no batch has read yet are a difference."
)
@settings_options(FollowerSettings)
def reconcile(given: dict[str, Any], *, follow: bool, as_json: bool, complete: bool) -> None:
    """Prove from the topics alone that the money is right: exit 0 clean, 1 a difference, 2 could not run.

    Of charging: every CDR came to one thing, every entry follows from the one before. Of recharge: what was captured
    is credited, once, and nothing else is; one payment command at a time; caps; each notification once. Of dead
    letters: each ended once, as it says, and what was written again lies in its place.

    Reads what is committed up to now and writes nothing. The workers may work on: then each partition is read up to
    the last manifests, and what belongs to later batches is left out.

    With --follow it is a service, and ends with 0 when it is stopped.
    """
    settings = read_or_end(FollowerSettings, given).settings
    if follow:
        if as_json or complete:
            raise click.UsageError("--json and --complete do not go with --follow")
        _follow(settings)
    broker = settings.broker
    with _only_differences_are_1():
        verdict = asyncio.run(without_lost_answers(_reconcile(broker, complete=complete)))
        _tell(verdict, as_json=as_json)
    sys.exit(0 if verdict.is_clean else 1)


def _follow(settings: FollowerSettings) -> NoReturn:
    from rater.shell.follower.process import run  # noqa: PLC0415

    start_logging(settings.log_level, settings.log_format)
    run_service(lambda: run(settings))


@contextmanager
def _only_differences_are_1() -> Iterator[None]:
    """Let whatever keeps the work from its end be a CannotRunError: exit code 1 says that money differs."""
    before = _heed_signals()
    # What is read has no cycles: the collector would only walk through all of it again and again.
    gc.disable()
    try:
        yield
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise CannotRunError(INTERRUPTED.removeprefix("Error: ")) from None
    except (CannotReadError, UnreachableError) as error:
        raise CannotRunError(f"{error} (set --broker or RATER_BROKER)") from error
    except (KafkaError, TimeoutError) as error:
        raise CannotRunError(kafka_trouble(error)) from error
    except _CannotWriteError as error:
        raise CannotRunError(f"the verdict cannot be written: {error}") from error
    except Exception as error:
        logging.getLogger(__name__).exception("the reconciler failed")
        raise CannotRunError(f"{type(error).__name__}: {error}") from error
    finally:
        gc.enable()
        for number, handler in before.items():
            signal.signal(number, handler)


def _heed_signals() -> dict[int, Any]:
    """Let both signals end the command at once, in the middle of a proof too; return how they were handled before.

    It only reads: there is nothing to finish. asyncio's own handler would wait until the loop has its turn.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    return end_at_once(INTERRUPTED, ExitCode.CANNOT_RUN)


def _tell(verdict: Report, *, as_json: bool) -> None:
    """Write the verdict out, to the last byte."""
    lines = [json.dumps(verdict.as_dict())] if as_json else list(verdict.lines())
    try:
        click.echo("\n".join(lines))
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer must not be tried again at exit, which has a code of its own for that.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise _CannotWriteError(str(error)) from error


async def _reconcile(broker: Broker, *, complete: bool) -> Report:
    async with topic_admin.connected(broker):
        pass  # Which of three troubles it is, should it not answer.
    async with open_log(broker) as log:
        published = await _published(log)
        replays = Replays()
        async for ends in log.each_of(catalog.DEAD_ENDED.name):
            replays.name(ends)
        verdict = begin(published, replays)
        if not log.is_still:
            note = "what workers wrote meanwhile: each partition was read up to its last manifests"
            verdict.unproven.append(note)
        is_shown = sys.stderr.isatty()
        with tqdm(total=log.total, unit=" records", unit_scale=True, disable=not is_shown) as bar:
            log.progress = bar.update
            async for part in log.logs():
                if await log.has_more_shared():
                    # What was charged by it may be in this part.
                    published = await _published(log)
                    hold_published(verdict, published)
                prove(verdict, part, published, complete=complete)
        conclude(verdict)
    return verdict


async def _published(log: KafkaLog) -> Published:
    """Read decks, settings and plans."""
    shelf = read_decks(await log.shared(catalog.RATE_DECKS.name))
    settings = read_settings(await log.shared(catalog.CHARGING_SETTINGS.name))
    return Published(shelf, settings, read_plans(await log.shared(catalog.RATE_PLANS.name)))
