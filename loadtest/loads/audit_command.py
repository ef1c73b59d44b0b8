"""`loadtest audit`: hold what a rater has written against what a load must lead to."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import click
from aiokafka.errors import KafkaError

from loadtest.loads import expectations
from loadtest.loads.auditing import audit as audited
from loadtest.loads.faults import LoadError
from loadtest.loads.folder import EXPECTED, read_manifest
from loadtest.logins import LoginError
from loadtest.rater_command import CommandError
from loadtest.replay.command import at_broker


class CannotAuditError(click.ClickException):
    """It could not be audited; exit code 2."""

    exit_code = 2


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@at_broker
def audit(folder: Path, broker: str) -> None:
    """Compare the topics of a broker with what the load in FOLDER must lead to (its expected.json; or name that).

    To be asked when everything is charged. Nothing else may be on the broker. The last line is one JSON object, with
    the money error in micros, by tenant. Exit 0: all as it must be; 1: something is not; 2: it cannot be audited.
    """
    try:
        path = folder
        if folder.is_dir():
            read_manifest(folder)
            path = folder / EXPECTED
        expected = expectations.decode(path.read_bytes(), str(path))
        found = asyncio.run(audited(broker, expected))
    except (LoadError, LookupError, CommandError, LoginError, KafkaError, OSError) as error:
        raise CannotAuditError(str(error) or type(error).__name__) from error
    for line in found.lines():
        click.echo(line)
    click.echo(json.dumps(found.report()))
    sys.exit(0 if found.is_clean else 1)
