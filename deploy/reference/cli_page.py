"""CLI page: usage, arguments and options of every command, from click."""

import inspect
from itertools import chain

import click

from deploy.reference.commands import (
    allowed,
    commands,
    default,
    load_commands,
    options,
    variable,
)
from deploy.reference.tables import cell, code, table

_INTRO = """\
# Command line

`rater` is one command with a thin module for each of its own. `-h` or `--help` prints what stands here. Exit codes:
0 done, 1 what the command's own text says, 2 it could not be run, with a sentence that says why. Secrets are never
options; they and the variables are in [Settings](settings.md). `loadtest`, in the end, is a command of its own.

"""


def page() -> str:
    """Return the page."""
    return _INTRO + "\n".join(_section(*found) for found in chain(commands(), load_commands()))


def _section(path: str, command: click.Command, context: click.Context) -> str:
    usage = " ".join(command.collect_usage_pieces(context))
    about = inspect.cleandoc(command.help or "").replace("\b\n", "")
    rows = [
        (
            ", ".join(code(name) for name in [*option.opts, *option.secondary_opts]),
            allowed(option),
            code(default(option, context)),
            code(variable(option, context)),
            cell(_help(option)),
        )
        for option in options(command, context)
    ]
    text = f"## {path}\n\n```text\n{path} {usage}\n```\n\n{_paragraphs(about)}\n"
    if rows:
        text += "\n" + table(("option", "value", "default", "environment", "meaning"), rows)
    return text


def _help(option: click.Option) -> str:
    return ("Must be given. " if option.required else "") + (option.help or "")


def _paragraphs(text: str) -> str:
    """Return a help text as Markdown: angle brackets and stars stand for themselves."""
    return text.replace("<", "&lt;").replace("*", "\\*").replace("{", "&#123;")
