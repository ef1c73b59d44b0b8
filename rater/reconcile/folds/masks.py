"""Masks: what the charging settings let a record hide of the numbers in its source, and whether it hides no more.

Hidden may be the last digits of a number, so many as the version in force says; nothing else may differ.
"""

import re
from collections.abc import Iterable

Mask = tuple[str, int]
"""How a number begins, and how many of its last digits are hidden."""
SHORTEST, LONGEST = 7, 15
"""Digits of numbers that are masked."""
_NUMBER = re.compile(r"\+?[0-9](?:[ .()/-]?[0-9*])*")
"""A number as it stands in a text, with what may stand between its digits."""
_DIGITS = re.compile(r"\+?[0-9*]+")


def most_hidden(masks: Iterable[Mask], number: str) -> int:
    """Return how many digits of a number may be hidden: the longest beginning says."""
    rows = [(len(prefix), digits) for prefix, digits in masks if number.startswith(prefix)]
    return max(rows)[1] if rows else 0


def is_whole(number: str) -> bool:
    """Say whether a number is in E.164 and shows all its digits."""
    digits = number[1:]
    return number[:1] == "+" and digits.isdecimal() and SHORTEST <= len(digits) <= LONGEST


def says(source: str | None, found: str | None, masks: tuple[Mask, ...]) -> bool:
    """Say whether a number, or a caller, is what its source says, but for digits that may be hidden."""
    if source is None or found is None or source == found:
        return source == found
    return says_text(source, found, masks)


def says_text(source: str, found: str, masks: tuple[Mask, ...]) -> bool:
    """Say whether a text is its source, but for digits of the numbers in it that may be hidden."""
    if source == found:
        return True
    place = 0
    for digits in _NUMBER.finditer(source):
        number, told = digits[0], found[digits.start() : digits.end()]
        between = slice(place, digits.start())
        if source[between] != found[between] or not _is_said(number, told, masks):
            return False
        place = digits.end()
    return source[place:] == found[place:]


def _is_said(number: str, told: str, masks: tuple[Mask, ...]) -> bool:
    """Say whether digits are those of the source but for hidden ones; several numbers may stand beside each other."""
    if _hides(number, told, masks):
        return True
    parts = [(part[0], told[part.start() : part.end()]) for part in _DIGITS.finditer(number)]
    between = _DIGITS.sub("", number) == re.sub(r"\+?[0-9*]+", "", told)
    return between and all(
        was == now or (len(was) >= SHORTEST and _hides(was, now, masks)) for was, now in parts
    )


def _hides(source: str, found: str, masks: tuple[Mask, ...]) -> bool:
    """Say whether a number is another one with so many of its last digits hidden, or fewer."""
    if len(source) != len(found):
        return False
    plain = re.sub(r"[ .()/-]", "", source)
    most = most_hidden(masks, plain if plain[:1] == "+" else "")
    hidden, is_tail = 0, True
    for was, now in zip(reversed(source), reversed(found), strict=True):
        if was == now:
            is_tail = is_tail and not was.isdecimal()
        elif now != "*" or not was.isdecimal() or not is_tail:
            return False
        else:
            hidden += 1
    return hidden <= most
