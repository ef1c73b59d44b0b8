"""Selection: which charges are to be rated again, by whose they are, by what priced them and when the call began."""

from dataclasses import dataclass

from rater.core.limits import HOUR_MS
from topics.records import Charge

_NEVER_RATED = ("freecall", "voided")
"""Why a call is free that no re-rating touches."""
_AHEAD_MS = HOUR_MS
"""By how much the clock of a platform may be ahead of that by which entries are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a charge must be like; what is None or empty says nothing."""

    tenants: frozenset[str] = frozenset()
    deck: str | None = None
    """Priced by this deck."""
    deck_version: int | None = None
    """By this version of its deck."""
    plan_version: int | None = None
    """Paid by pools of this version of the plan catalog."""
    from_ms: int | None = None
    """The call was answered then or later."""
    until_ms: int | None = None
    """It was answered before then."""

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Selection()

    @property
    def written_from_ms(self) -> int:
        """Return a time before which no such charge was written; -1: there is none."""
        return -1 if self.from_ms is None else max(self.from_ms - _AHEAD_MS, 0)

    @property
    def only_tenant(self) -> str | None:
        """Return the tenant, where there is only one."""
        return next(iter(self.tenants)) if len(self.tenants) == 1 else None

    def has(self, entry: Charge) -> bool:
        """Say whether a charge is meant."""
        answered_ms = entry.call.answered_ms
        return (
            (not self.tenants or entry.tenant_id in self.tenants)
            and self.deck in {None, entry.deck_id}
            and self.deck_version in {None, entry.deck_version}
            and self.plan_version in {None, entry.plan_version}
            and (self.from_ms is None or answered_ms >= self.from_ms)
            and (self.until_ms is None or answered_ms < self.until_ms)
            and entry.reason not in _NEVER_RATED
        )
