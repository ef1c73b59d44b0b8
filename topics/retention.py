"""Retention that an operator sets: for how long topics keep their records, where it is not the catalog's time.

It is said as `TOPIC=TIME`: whole days, such as `ledger.entries.v1=400d`, or `forever`. Topics that keep the latest
record of each key, and the rater's own, have no time to be set.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from topics.catalog import BY_NAME
from topics.topic import DAY_MS, FOREVER, Topic

DAYS_MAX: Final = 36_500
"""A hundred years."""
_DAYS: Final = re.compile(r"([0-9]{1,9})d")
_WORD: Final = "forever"


class RetentionError(ValueError):
    """A time that a topic cannot have; the message names the topic."""


def times(said: Iterable[str]) -> dict[str, int]:
    """Return for how long topics are to keep records, in milliseconds, by name; FOREVER: always. RetentionError."""
    found: dict[str, int] = {}
    for each in said:
        name, equals, time = each.partition("=")
        topic = _known(name)
        if not equals:
            raise RetentionError(f"{name}: must be TOPIC=TIME, such as {name}=400d, found {each!r}")
        if name in found:
            raise RetentionError(f"{name}: is said twice")
        found[name] = _time(topic, time)
    return found


def with_times(topics: Iterable[Topic], times_ms: Mapping[str, int]) -> tuple[Topic, ...]:
    """Return topics of the catalog with the times that were set, which `times` has read."""
    return tuple(
        replace(topic, retention_ms=times_ms.get(topic.name, topic.retention_ms))
        for topic in topics
    )


def _known(name: str) -> Topic:
    topic = BY_NAME.get(name)
    if topic is None:
        near = get_close_matches(name, BY_NAME, 1, cutoff=0)
        raise RetentionError(f"{name!r}: no such topic; the nearest known is {near[0]}")
    if topic.cleanup == "compact":
        raise RetentionError(f"{name}: keeps the latest record of each key, and none by time")
    if topic.internal:
        raise RetentionError(f"{name}: is the rater's own, and has the time that it needs")
    return topic


def _time(topic: Topic, text: str) -> int:
    if text == _WORD:
        return FOREVER
    least = topic.retention_min_ms // DAY_MS
    days = _DAYS.fullmatch(text)
    if days is None or not least <= int(days[1]) <= DAYS_MAX:
        must_be = f"must be whole days from {least}d to {DAYS_MAX}d, or {_WORD}"
        raise RetentionError(f"{topic.name}: {must_be}, found {text!r}")
    return int(days[1]) * DAY_MS
