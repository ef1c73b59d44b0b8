"""Commands: every command of the two command lines with all its options, as click has them."""

from collections.abc import Iterator

import click

from loadtest.__main__ import main
from rater.__main__ import cli

Found = tuple[str, click.Command, click.Context]


def commands() -> Iterator[Found]:
    """Yield the path, such as `rater deck load`, of each command that does something, with its context."""
    yield from _walk(cli, click.Context(cli, info_name="rater", **cli.context_settings))


def load_commands() -> Iterator[Found]:
    """Yield those of `loadtest`, likewise."""
    yield from _walk(main, click.Context(main, info_name="loadtest", **main.context_settings))


def _walk(command: click.Command, context: click.Context) -> Iterator[Found]:
    if not isinstance(command, click.Group):
        yield context.command_path, command, context
        return
    if command.invoke_without_command:
        yield context.command_path, command, context
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        if child is not None and not child.hidden:
            inner = click.Context(child, parent=context, info_name=name)
            yield from _walk(child, inner)


def options(command: click.Command, context: click.Context) -> list[click.Option]:
    """Return the options of a command without --help and those that are hidden."""
    parameters = command.get_params(context)
    return [
        each
        for each in parameters
        if isinstance(each, click.Option) and not each.hidden and each.name != "help"
    ]


def variable(option: click.Option, context: click.Context) -> str:
    """Return the environment variable that an option is read from; empty where it is none."""
    if isinstance(option.envvar, str):
        return option.envvar
    if option.envvar:
        return ", ".join(option.envvar)
    prefix = context.auto_envvar_prefix
    return f"{prefix}_{(option.name or '').upper()}" if prefix and option.allow_from_autoenv else ""


def default(option: click.Option, context: click.Context) -> str:
    """Return the default as text; empty where there is none, or where it is only found out at the start."""
    if option.is_flag and not option.default:
        return ""
    value = option.get_default(context, call=False)
    if value is None or callable(value) or "UNSET" in repr(value):
        return ""
    if isinstance(value, tuple | list):
        return ", ".join(str(each) for each in value)
    return str(value)


def allowed(option: click.Parameter) -> str:
    """Return what a value may be."""
    kind = option.type
    if isinstance(kind, click.Choice):
        return ", ".join(f"`{choice}`" for choice in kind.choices)
    if isinstance(kind, click.IntRange | click.FloatRange):
        return _range(kind)
    if isinstance(option, click.Option) and option.is_flag:
        return "flag"
    return {"integer": "whole number", "float": "number", "text": "text"}.get(kind.name, kind.name)


def _range(kind: click.IntRange | click.FloatRange) -> str:
    ends = []
    if kind.min is not None:
        ends.append(f"{'above' if kind.min_open else 'from'} {kind.min}")
    if kind.max is not None:
        ends.append(f"{'below' if kind.max_open else 'to'} {kind.max}")
    return " ".join(ends)
