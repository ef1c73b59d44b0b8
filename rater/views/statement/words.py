"""Words: what statements say in a language, from its file in `languages`; one that is missing is an error."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Final, get_args

import msgspec

from rater.views.locale import AMOUNTS
from topics.fields import Language as Code

CODES: Final[tuple[str, ...]] = get_args(Code)
assert set(CODES) == set(AMOUNTS)


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of one language."""

    title: str
    preliminary: str
    """Of a month that is not over."""
    broken: str
    facts: dict[str, str]
    tables: dict[str, str]
    """Titles."""
    heads: dict[str, str]
    movements: dict[str, str]
    classes: dict[str, str]
    fees: dict[str, str]
    sources: dict[str, str]
    nobody: str
    """The calls of no user."""
    total: str
    taken_back: str
    more: str
    """With {count}: what is not listed one by one."""


@cache
def words(code: str) -> Words:
    """Return the words of a language that records may name."""
    place = files("rater").joinpath(f"views/statement/languages/{code}.toml")
    return msgspec.convert(tomllib.loads(place.read_text(encoding="utf-8")), Words)
