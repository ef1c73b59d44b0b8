"""Selection: which of the open dead letters are meant."""

from dataclasses import dataclass

from rater.shell.dead_letters.letter import Letter
from rater.wire.suspended_letters import SUSPENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a letter must be like; what is None or empty says nothing."""

    tenant: str | None = None
    dead_ids: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    """Where its record lies, any of which."""
    found: tuple[str, ...] = ()
    """Reasons, any of which."""
    until_ms: int | None = None
    """It was written then, or before."""

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Selection()

    @property
    def has_suspended(self) -> bool:
        """Whether CDRs in suspense are meant: only where a reason of theirs is named, for there may be many of them."""
        return not SUSPENDED.isdisjoint(self.found)

    def has(self, letter: Letter) -> bool:
        """Say whether a letter is meant."""
        return (
            self.tenant in {None, letter.tenant}
            and (not self.dead_ids or letter.dead_id in self.dead_ids)
            and (not self.topics or letter.source.topic in self.topics)
            and (not self.found or letter.reason in self.found)
            and (self.until_ms is None or letter.since_ms <= self.until_ms)
        )
