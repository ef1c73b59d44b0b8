"""Options of a service, made of its settings class; and how it is run."""

import asyncio
import functools
import logging
import sys
from collections.abc import Callable, Coroutine, Iterable
from inspect import cleandoc
from typing import Any, NoReturn, TypeVar

import click
import uvloop
from click.core import ParameterSource

from rater.cli.broker import CannotRunError, remember
from rater.cli.numbers import Number, WholeNumber
from rater.cli.utf8 import LeftOption
from rater.kafka.lost_answers import without_lost_answers
from rater.kafka.refusal import RefusedError
from rater.shell.process.exit_code import ExitCode, said
from rater.shell.process.settings.declaration import Declared, declared
from rater.shell.process.settings.reading import Reading, S, WrongSettingsError, read
from rater.shell.process.settings.service import ServiceSettings
from rater.shell.process.settings.sources import SettingsFileError

log = logging.getLogger(__name__)

Command = TypeVar("Command", bound=Callable[..., Any])


class SettingOption(LeftOption):
    """An option that names its variable and leaves it, the settings file and the default to the settings class."""

    def resolve_envvar_value(self, ctx: click.Context) -> None:
        """Read nothing."""

    def value_from_envvar(self, ctx: click.Context) -> None:
        """Read nothing."""


def options_of(settings: type[ServiceSettings]) -> list[Callable[[Command], Command]]:
    """Return an option for each setting that is no secret."""
    return [_option(each) for each in declared(settings) if each.option is not None]


def _option(each: Declared) -> Callable[[Command], Command]:
    words: list[str] = [f"{each.option}/--no-{(each.option or '')[2:]}"] if _is_pair(each) else []
    shown: dict[str, Any] = {"default": each.default, "show_default": each.told_default or True}
    if each.kind == "switch":
        shown |= {} if _is_pair(each) else {"is_flag": True, "show_default": False}
    elif each.kind == "list":
        shown |= {"multiple": True, "type": _type(each)}
    else:
        shown["type"] = _type(each)
    about = f"Must be given. {each.about}" if each.required else each.about
    return click.option(
        *(words or [each.option or ""]), each.field, cls=SettingOption, envvar=each.variable,
        show_envvar=True, help=about, metavar=each.metavar, **shown,
    )  # fmt: skip


def _is_pair(each: Declared) -> bool:
    """Say whether there is a second word that says the opposite."""
    return each.kind == "switch" and each.default is True


def _type(each: Declared) -> click.ParamType:
    match each.kind:
        case "choice":
            return click.Choice(each.choices, case_sensitive=each.name != "level")
        case "whole number":
            low, high = (None if end is None else int(end) for end in (each.low, each.high))
            return WholeNumber(low, high)
        case "number":
            return Number(each.low, each.high)
        case "file":
            return click.Path(exists=True, dir_okay=False)
        case _:
            return click.STRING


def service_options(
    settings: type[ServiceSettings], exits: Iterable[ExitCode] = tuple(ExitCode)
) -> Callable[[Command], Command]:
    """Give a command the options of a service, `settings`, and the exit codes in its help."""

    def add(command: Command) -> Command:
        command.__doc__ = f"{cleandoc(command.__doc__ or '')}\n\n{said(exits)}"
        gathered: Command = with_options(settings, command)
        return gathered

    return add


def settings_options(settings: type[ServiceSettings]) -> Callable[[Command], Command]:
    """Give a command the options of a service, and none of its words on exit codes."""

    def add(command: Command) -> Command:
        gathered: Command = with_options(settings, command)
        return gathered

    return add


def with_options(settings: type[ServiceSettings], command: Command) -> Any:
    """Give a command the options of a service, and what was given of them, by field, as `given`."""

    @functools.wraps(command)
    def gathered(*arguments: Any, **options: Any) -> Any:
        source = click.get_current_context().get_parameter_source
        fields = {each.field for each in declared(settings)}
        given = {
            name: value
            for name, value in options.items()
            if name in fields and source(name) is ParameterSource.COMMANDLINE
        }
        others = {name: value for name, value in options.items() if name not in fields}
        return command(*arguments, given=given, **others)

    with_all: Any = gathered
    for option in reversed(options_of(settings)):
        with_all = option(with_all)
    return with_all


def read_or_end(settings: type[S], given: dict[str, Any]) -> Reading[S]:
    """Read the settings of a service; CannotRunError, with a line for each fault, where they are wrong."""
    try:
        reading = read(settings, given)
    except (WrongSettingsError, SettingsFileError) as error:
        raise CannotRunError(str(error)) from error
    remember(reading.settings.broker)
    return reading


def run_service(start: Callable[[], Coroutine[Any, Any, int]]) -> NoReturn:
    """Run a service until it ends, and end with its exit code; CannotRunError when it could not start."""
    from rater.shell.process.start import StartError  # noqa: PLC0415

    before = asyncio.get_event_loop_policy()
    # The policy, not just a runner: a worker's consumer has a thread, which makes a loop of its own.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    try:
        sys.exit(asyncio.run(without_lost_answers(start())))
    except StartError as error:
        raise CannotRunError(str(error)) from error
    except RefusedError as error:
        log.critical("failed: %(refusal)s", {"refusal": error})
        sys.exit(ExitCode.FAILED)
    finally:
        asyncio.set_event_loop_policy(before)
