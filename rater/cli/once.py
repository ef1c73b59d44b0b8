"""Options, each at most once: click takes the last of several without a word, whatever the others said."""

from collections import Counter
from typing import Any

import click

from rater.cli.utf8 import refuse_bytes


def once(command: click.Command) -> click.Command:
    """Have a command, and all below it, refuse an option that is given twice, but for those that are lists.

    Refused are words that are no UTF-8, too.
    """
    if "make_parser" in vars(command):
        return command  # It has been asked for before.
    make = command.make_parser

    def make_parser(ctx: click.Context) -> Any:
        parser = make(ctx)
        parse = parser.parse_args

        def parse_args(args: list[str]) -> Any:
            options, rest, order = parse(args)
            _refuse_repeated(ctx, order)
            refuse_bytes(ctx, options)
            return options, rest, order

        parser.parse_args = parse_args  # type: ignore[method-assign]
        return parser

    command.make_parser = make_parser  # type: ignore[method-assign]
    if isinstance(command, click.Group):
        _once_below(command)
    return command


def _once_below(group: click.Group) -> None:
    """Do so when one of its commands is asked for: some are made only then."""
    find = group.get_command

    def get_command(ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = find(ctx, cmd_name)
        return found if found is None else once(found)

    group.get_command = get_command  # type: ignore[method-assign]


def _refuse_repeated(ctx: click.Context, order: list[click.Parameter]) -> None:
    for each, number in Counter(order).items():
        if isinstance(each, click.Option) and number > 1 and not (each.multiple or each.count):
            name = max(each.opts, key=len)
            raise click.UsageError(f"{name} is given {number} times: it can be given once", ctx)
