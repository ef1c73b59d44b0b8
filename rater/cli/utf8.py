"""UTF-8: what is typed is written to topics and compared with them, so words that cannot be text are refused.

Paths are left alone: a file may have any name.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from rater.wire.utf8 import is_utf8

SHOWN_MAX: Final = 80
_PATHS: Final = (click.Path, click.File)


class LeftOption(click.Option):
    """An option whose words are left to others, who refuse what is no UTF-8, and say what it must be."""


def refuse_bytes(ctx: click.Context, given: Mapping[str, Any]) -> None:
    """Refuse a word with bytes that are no UTF-8, which Python keeps as surrogates; the error names its option."""
    for each in ctx.command.params:
        if isinstance(each.type, _PATHS) or isinstance(each, LeftOption):
            continue
        for text in _texts(given.get(each.name or "")):
            if not is_utf8(text):
                found = ascii(text[:SHOWN_MAX])
                raise click.BadParameter(f"must be UTF-8, found {found}", ctx, each)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)
