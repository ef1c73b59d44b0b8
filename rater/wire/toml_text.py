"""TOML text: the tables of a file that people wrote, bounded before anybody walks through them.

The parser of the standard library takes integers of any length, which Python then refuses to write out, and dotted keys
of any depth, which nothing that calls itself gets to the end of.
"""

import re
import tomllib
from typing import Any, Final

from rater.wire.malformed import NESTED_MAX

_INTEGER_DIGITS_MAX: Final = 4_300
"""Python's own bound of what it reads in decimal."""
_LONG_INTEGER: Final = re.compile(rf"[0-9][0-9_]{{{_INTEGER_DIGITS_MAX},}}")
_PART: Final = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+"""
_DEEP_KEY: Final = re.compile(rf"(?:^|[\[{{,])[ \t]*+(?>{_PART}){{{NESTED_MAX}}}", re.MULTILINE)
TOO_DEEP: Final = f"must be nested at most {NESTED_MAX} levels deep, found more"


class TomlError(ValueError):
    """A text that is no TOML, or holds what is not read; the message says where it can."""


def read_toml(text: str) -> dict[str, Any]:
    """Return the tables of a text; TomlError says the first thing that is wrong with it."""
    if deep := _DEEP_KEY.search(text):
        raise TomlError(f"a key {TOO_DEEP} {_at(text, deep.start())}")
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlError(str(error)) from None
    except RecursionError:
        raise TomlError(TOO_DEEP) from None
    except ValueError:
        # The only other thing that it raises: an integer that Python does not read.
        long = _LONG_INTEGER.search(text)
        where = "" if long is None else f" {_at(text, long.start())}"
        raise TomlError(f"an integer must have at most 19 digits, found more{where}") from None
    if _depth(tables) > NESTED_MAX:
        raise TomlError(TOO_DEEP)
    return tables


def _depth(tables: dict[str, Any]) -> int:
    """Return how deep tables and lists are nested, without calling itself."""
    deepest = 0
    left: list[tuple[int, Any]] = [(1, tables)]
    while left:
        depth, here = left.pop()
        deepest = max(deepest, depth)
        items = here.values() if isinstance(here, dict) else here
        left += [(depth + 1, each) for each in items if isinstance(each, dict | list)]
    return deepest


def _at(text: str, offset: int) -> str:
    """Say where in a text something stands, as the parser does."""
    line = text.count("\n", 0, offset)
    column = offset - (text.rfind("\n", 0, offset) + 1)
    return f"(at line {line + 1}, column {column + 1})"
