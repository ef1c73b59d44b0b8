"""`rater config check SERVICE` and `show SERVICE`: what a service is told at its start, before it is started."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from rater.cli.broker import CannotRunError
from rater.shell.process.settings.services import SERVICES

Print = Callable[[str, Any], None]
"""Says of a service what was read."""


class ServiceGroup(click.Group):
    """A command that can be asked of a service, too: each takes all options of its service, and is made when asked for.

    `told` says what was read.
    """

    def __init__(self, *arguments: Any, told: Print, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.told = told

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the services."""
        return list(SERVICES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a service."""
        if cmd_name not in SERVICES:
            return None
        # Pydantic takes a quarter of a second, which what decides money need not wait for.
        from rater.cli.service_options import with_options  # noqa: PLC0415
        from rater.shell.process.settings.reading import settings_class  # noqa: PLC0415

        def told(given: dict[str, Any]) -> None:
            file = ctx.params.get("settings")
            self.told(cmd_name, _read(cmd_name, ({"settings": file} if file else {}) | given))

        about = f"Of {cmd_name}: takes all its options, as it would be started."
        command = with_options(settings_class(cmd_name), told)
        return click.command(name=cmd_name, help=about, hidden=True)(command)


def _read(service: str, given: dict[str, Any]) -> Any:
    """Read a service's settings; exit code 1 where they are wrong, 2 where their file cannot be read."""
    from rater.shell.process.settings.reading import (  # noqa: PLC0415
        WrongSettingsError,
        read,
        settings_class,
    )
    from rater.shell.process.settings.sources import SettingsFileError  # noqa: PLC0415

    try:
        return read(settings_class(service), given)
    except WrongSettingsError as error:
        raise click.ClickException(
            "\n".join(f"{service}: {each}" for each in error.faults)
        ) from error
    except SettingsFileError as error:
        raise CannotRunError(str(error)) from error


def say_good(service: str, reading: Any) -> None:
    """Say that nothing is wrong, and from where how many settings are."""
    counts = dict.fromkeys(("option", "environment", "file", "default"), 0)
    for field, origin in reading.origins.items():
        counts[origin.source] += field != "settings"
    said = ", ".join(f"{count} by {source}" for source, count in counts.items() if count)
    click.echo(f"{service}: good: {said}")


def print_settings(_service: str, reading: Any) -> None:
    """Print each setting with its value and where it came from; of a secret whether it is set."""
    from rater.secret import MASKED  # noqa: PLC0415
    from rater.shell.process.settings.declaration import declared, written  # noqa: PLC0415

    rows, kind = [], reading.settings.__class__
    for each in declared(kind):
        value, origin = getattr(reading.settings, each.field), reading.origins[each.field]
        shown = "not set" if value is None else MASKED if each.is_secret else written(value)
        # What nobody uses is not refused, and may hold a password all the same.
        shown = re.sub(r"//[^/@]*@", f"//{MASKED}@", shown)
        name = f"{each.table}.{each.key}" if each.table else each.name
        rows.append((name, shown, f"{origin.source} {origin.place}".strip()))
    widths = [max(len(row[at]) for row in rows) for at in (0, 1)]
    for name, shown, origin in rows:
        click.echo(f"{name:<{widths[0]}}  {shown:<{widths[1]}}  {origin}")


def check_all(file: str) -> None:
    """Check every service that a settings file has a table for; all faults are told."""
    from rater.shell.process.settings.sources import SettingsFileError, read_toml  # noqa: PLC0415

    try:
        tables = read_toml(Path(file))
    except SettingsFileError as error:
        raise CannotRunError(str(error)) from error
    faults = []
    for service in [each for each in SERVICES if tables.get(each)] or list(SERVICES)[:1]:
        try:
            say_good(service, _read(service, {"settings": file}))
        except CannotRunError:
            raise
        except click.ClickException as error:
            faults.append(error.message)
    if faults:
        raise click.ClickException("\n".join(faults))
