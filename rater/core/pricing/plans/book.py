"""Plan book: all known versions of the plan catalog, and which is in force.

Rule 1: the version in force is that with the greatest `valid_from_ms` at or before the start of the call; of two with
        the same, the higher version (R14).
Rule 2: before the first there are no plans: version 0.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias, final

from rater.core.pricing.plans.catalog import NO_PLANS, Catalog
from rater.core.pricing.zones import FOREVER_MS, UTC, Zone

ZoneOf: TypeAlias = Callable[[str], Zone | None]
"""Gives a time zone by its name, None where there is none of that name; asked again it gives the same one."""


def _no_zones(name: str) -> Zone | None:
    raise AssertionError(f"plans without time zones, and an account in {name}")


@final
class PlanBook:
    """An immutable snapshot of all versions."""

    __slots__ = ("_starts_ms", "has_prices", "versions", "zone_of")

    def __init__(self, versions: Iterable[Catalog] = (), zone_of: ZoneOf = _no_zones) -> None:
        """Make a book of versions; of one given twice the later stays."""
        self.zone_of: Final = zone_of
        """For the months of accounts (`zone`)."""
        by_version = {each.version: each for each in versions}
        ordered = sorted(by_version.values(), key=lambda each: (each.valid_from_ms, each.version))
        self.versions: Final = tuple(ordered)
        """By the instant from which they are in force; without version 0."""
        self.has_prices: Final = any(each.has_prices for each in ordered)
        """Whether seconds of some pool cost money, in some version."""
        self._starts_ms: Final = [each.valid_from_ms for each in ordered]

    def with_version(self, catalog: Catalog) -> "PlanBook":
        """Return a book with one version more; this one stays as it is."""
        return PlanBook((*self.versions, catalog), self.zone_of)

    def offers(self, plan_id: str, from_ms: int) -> bool:
        """Tell whether a version has a plan that is in force at an instant, or comes later."""
        later = self.versions[bisect_right(self._starts_ms, from_ms) :]
        return any(each.knows(plan_id) for each in (self.at(from_ms), *later))

    def at(self, at_ms: int) -> Catalog:
        """Return the version in force at an instant."""
        index = bisect_right(self._starts_ms, at_ms)
        return self.versions[index - 1] if index else NO_PLANS

    def span(self, at_ms: int) -> tuple[Catalog, int, int]:
        """Return the version in force at an instant, from when on it is, and until when."""
        index = bisect_right(self._starts_ms, at_ms)
        from_ms = self._starts_ms[index - 1] if index else -FOREVER_MS
        until_ms = self._starts_ms[index] if index < len(self.versions) else FOREVER_MS
        return self.at(at_ms), from_ms, until_ms

    def zone(self, name: str) -> Zone:
        """Return a time zone; of a name that nobody knows it is UTC."""
        return UTC if name == UTC.name else self.zone_of(name) or UTC


NO_BOOK: Final = PlanBook()
"""What is known where no plans are read: none."""
