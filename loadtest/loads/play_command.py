"""`loadtest play`: open the accounts of a load, send its CDRs, and wait until a rater has charged them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import click
from aiokafka.errors import KafkaError

from loadtest.loads.faults import LoadError
from loadtest.loads.folder import read_manifest
from loadtest.loads.playing import Player
from loadtest.logins import LoginError
from loadtest.rater_command import CommandError
from loadtest.replay.command import at_broker, i_know
from loadtest.replay.faults import ReplayError
from loadtest.replay.numbers import decimal
from loadtest.replay.order import look
from loadtest.watch import LateError


class CannotPlayError(click.ClickException):
    """It could not be played; exit code 2."""

    exit_code = 2


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@at_broker
@click.option("--timeout", "timeout_s", type=decimal(1, 86_400), default=600.0, show_default=True, metavar="SECONDS",
              help="Charging may take so long for the commands of a topic, and for the CDRs of an act.")  # fmt: skip
@click.option("--accounts-only", "is_opening", is_flag=True,
              help="Open the accounts of act 1, and send no CDR: `loadtest replay` does, at a rate.")  # fmt: skip
@i_know
def play(folder: Path, broker: str, timeout_s: float, *, is_opening: bool, is_known: bool) -> None:
    """Play the load in FOLDER (`loadtest generate`) on a broker where charging runs, as fast as it goes.

    Its deck and plans are loaded, its accounts opened, its CDRs sent, in acts: what changes amid the calls comes when
    those before it are charged. The topics must be there, without CDRs and entries. Then ask `loadtest audit`. The last
    line is one JSON object. Exit 2: it could not be played, or charging did not take it in time.
    """
    try:
        if not is_known:
            look(broker)
        player = Player(broker, folder, read_manifest(folder), timeout_s, is_opening)
        found = asyncio.run(player.play())
    except (
        LoadError,
        ReplayError,
        LookupError,
        LateError,
        CommandError,
        LoginError,
        KafkaError,
        OSError,
    ) as error:
        raise CannotPlayError(str(error) or type(error).__name__) from error
    click.echo(json.dumps(found))
