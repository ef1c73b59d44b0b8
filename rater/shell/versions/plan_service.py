"""Plan service: every version of the plan catalog, in memory, always up to date (`follower`)."""

import logging
from collections.abc import Sequence

from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.plans.catalog import Catalog
from rater.core.times import to_text
from rater.kafka.broker import Broker
from rater.shell.versions.numbered_follower import NumberedFollower
from rater.shell.versions.plan_metrics import PlanMetrics
from rater.shell.versions.refused_field import refusable_fields
from rater.wire.plans.plan_records import plan_reader
from rater.wire.pricing.zones import zone_of
from topics.catalog import RATE_PLANS

log = logging.getLogger(__name__)


class PlanService(NumberedFollower[Catalog]):
    """The worker's view of the plan catalog; where nothing was published there are no plans."""

    what = "plan catalogs"

    def __init__(self, broker: Broker, metrics: PlanMetrics) -> None:
        super().__init__(broker, RATE_PLANS, plan_reader())
        self.book = PlanBook(zone_of=zone_of)
        self._metrics = metrics
        metrics.expect_refusals(refusable_fields(RATE_PLANS))

    def adopt(self, versions: Sequence[Catalog]) -> None:
        """Put versions into a new book."""
        book = self.book
        for catalog in versions:
            book = book.with_version(catalog)
            log.info(
                "plan catalog version %(version)d: %(plans)d plans, valid from %(valid_from)s",
                {
                    "version": catalog.version,
                    "plans": len(catalog.record.plans),
                    "valid_from": to_text(catalog.valid_from_ms),
                },
            )
        self.book = book
        self._metrics.set_known(max((each.version for each in book.versions), default=0))

    def refused(self, reason: str) -> None:
        """Count a record that was skipped."""
        self._metrics.record_refused(reason)

    def tell_beginning(self) -> None:
        """Log which versions there are."""
        known = sorted(each.version for each in self.book.versions)
        log.info("plan catalogs: versions %(versions)s", {"versions": known})

    def measure(self, now_ms: int) -> None:
        """Report which version is in force."""
        catalog = self.book.at(now_ms)
        self._metrics.set_in_force(catalog.version, catalog.valid_from_ms // 1_000)
