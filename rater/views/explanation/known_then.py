"""Known then: which versions of decks, plans and settings a worker knew when it wrote an entry.

A version may be dated back: in force from before it was published. What was decided before its publication stays (A75),
so it is left out of what decides such an entry anew. Within a minute of its publication nobody can tell from outside
whether a worker knew it: there the entry is asked, which names what decided it.
"""

from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from rater.core.charging_settings import ChargingSettings
from rater.core.limits import MINUTE_MS

DOUBT_MS = MINUTE_MS
"""A worker follows its topics within seconds."""


class Numbered(Protocol):
    """What has a version, and an instant from which it holds."""

    @property
    def version(self) -> int:
        """Return its number."""

    @property
    def valid_from_ms(self) -> int:
        """Return from when on it holds."""


V = TypeVar("V", bound=Numbered)


class Stamped(NamedTuple, Generic[V]):
    """A version, and when it was published."""

    published_ms: int
    version: V


def known_then(published: Iterable[Stamped[V]], written_ms: int, named: int | None) -> list[V]:
    """Return the versions that were known when an entry was written that names one of them, or none."""
    return [each.version for each in published if _was_known(each, written_ms, named)]


def settings_then(
    published: Sequence[Stamped[ChargingSettings]], written_ms: int, named: int | None
) -> list[ChargingSettings]:
    """Return likewise the settings; of those that were dated back an entry names the one that decided it."""
    found: list[ChargingSettings] = []
    for each in published:
        settings = each.version
        is_named = settings.version == named
        if abs(each.published_ms - written_ms) <= DOUBT_MS and settings.known_from_ms:
            if is_named:
                found.append(settings)
        elif each.published_ms <= written_ms or is_named:
            found.append(settings)
    return found


def _was_known(each: Stamped[V], written_ms: int, named: int | None) -> bool:
    if named is not None and abs(each.published_ms - written_ms) <= DOUBT_MS:
        return each.version.version <= named
    return each.published_ms <= written_ms
