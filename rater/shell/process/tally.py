"""Tally: once a minute the log says how many records were suspended, dead, refused or put in quarantine, by reason.

Metrics say it, too, to those who scrape them; a log is what everybody has. Nothing is logged of a minute without any.
"""

import logging
from collections import Counter, defaultdict
from typing import Final

from rater.shell.process.metrics import BatchReport

log = logging.getLogger(__name__)

EVERY_S: Final = 60.0
TOLD: Final = ("suspended", "dead", "rejected", "quarantined")


class Tally:
    """What has been counted since it was last said."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)

    def note(self, report: BatchReport) -> None:
        """Count one committed batch."""
        for (outcome, reason), count in report.outcomes.items():
            if outcome in TOLD:
                self._counts[report.topic][outcome, reason] += count

    def say(self) -> None:
        """Log one line a source topic, and count from nothing."""
        for topic, counts in sorted(self._counts.items()):
            log.warning(
                "%(topic)s: %(counts)s", {"topic": topic, "counts": "; ".join(_phrases(counts))}
            )
        self._counts.clear()


def _phrases(counts: Counter[tuple[str, str]]) -> list[str]:
    phrases = []
    for outcome in TOLD:
        reasons = {reason: n for (name, reason), n in counts.most_common() if name == outcome}
        if reasons:
            listed = ", ".join(f"{reason} {n}" for reason, n in reasons.items())
            phrases.append(f"{sum(reasons.values())} {outcome} ({listed})")
    return phrases
