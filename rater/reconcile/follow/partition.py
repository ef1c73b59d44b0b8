"""Partition: what the follower knows of one, and what it proves of what comes next."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rater.reconcile.difference import Difference
from rater.reconcile.folds.books import KEYS, RECORDS
from rater.reconcile.folds.deck_versions import PROOF as DECKS
from rater.reconcile.folds.ledger import PROOF as LEDGER
from rater.reconcile.folds.past import Past
from rater.reconcile.folds.plan_versions import PROOF as PLANS
from rater.reconcile.folds.published import Published
from rater.reconcile.folds.settings_versions import PROOF as SETTINGS
from rater.reconcile.inputs import gather
from rater.reconcile.proofs.account.statuses import last_said
from rater.reconcile.reading.cut import SOURCES, WRITTEN
from rater.reconcile.reading.log import Log, Record, Slice
from rater.reconcile.report import OF_CHARGING

FOLLOWED = (*SOURCES, *WRITTEN)
"""The topics that are followed: what charging reads and writes."""
PROOFS = (
    *(RECORDS, KEYS, LEDGER, DECKS, SETTINGS, PLANS),
    *(str(vars(sys.modules[proof.__module__])["PROOF"]) for proof in OF_CHARGING),
)
"""What differences may be of."""
TOLD_MAX = 100
"""Differences of a partition that are kept in full; all are counted."""

Window = Mapping[str, Sequence[Record]]
"""What is taken at once: the records of each topic up to a cut."""


@dataclass(slots=True)
class Partition:
    """One partition number of `partitions`. `starts`: where what is proven next begins, by topic."""

    number: int
    partitions: int
    starts: dict[str, int] = field(default_factory=dict)
    past: Past = field(default_factory=Past)
    is_begun: bool = False
    proven_ms: int = 0
    """The time of the last manifest up to which it is proven."""
    counts: Counter[str] = field(default_factory=Counter)
    """Differences by proof."""
    told: list[Difference] = field(default_factory=list)

    def prove(self, window: Window, published: Published) -> list[Difference]:
        """Prove what comes next and keep what must be known of it; return what differs."""
        slices = {
            topic: Slice(window.get(topic, ()), self.starts.get(topic, 0)) for topic in FOLLOWED
        }
        log = Log(self.number, self.partitions, slices, is_continued=self.is_begun)
        evidence = gather(log, published, self.past)
        found = [*evidence.books.faults, *evidence.ledger.faults]
        for proof in OF_CHARGING:
            found += proof(evidence)
        said = last_said(evidence)
        self.past.rest(evidence.ledger.accounts, lambda t: said[t][1].seq if t in said else None)
        self._pass(window)
        self.counts.update(each.proof for each in found)
        self.told = [*self.told, *found][:TOLD_MAX]
        return found

    def _pass(self, window: Window) -> None:
        self.is_begun = True
        for topic, records in window.items():
            if records:
                last = records[-1]
                end = last.offset if last.last_offset is None else last.last_offset
                self.starts[topic] = end + 1
