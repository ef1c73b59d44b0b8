"""Words: what a language says outside its templates, as its `words.toml` gives it. One that is missing is an error."""

import tomllib
from importlib.resources.abc import Traversable

import msgspec

OTHER = "other"
"""Stands for what we have no words for."""


class Declines(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a payment was declined, in words for the people of the account (`decline_reasons`)."""

    insufficient_funds: str
    expired_card: str
    unusable: str
    not_allowed: str
    wrong_details: str
    confirmation: str
    not_authorised: str
    limit_reached: str
    bank_unreachable: str
    no_reason: str
    too_late: str
    cancelled: str
    duplicate: str


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of one language."""

    name: str
    """The language's English name, for LETTERS.md."""
    moment: str
    """An instant to the minute in UTC, as a pattern of CLDR."""
    next_heading: str
    todo_heading: str
    footer: str
    """With {tenant} and {at}."""
    kinds: dict[str, str]
    """What each kind of letter is about, in a few words; `other`: any other."""
    call_classes: dict[str, str]
    """Classes of calls that are refused; `other`: any other."""
    declines: Declines
    moment_on_the_first: str = ""
    """Where the first of a month is written in a way of its own."""


def read_words(folder: Traversable) -> Words:
    """Return a language's words; msgspec.ValidationError where one is missing, or none of ours."""
    text = folder.joinpath("words.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Words)
