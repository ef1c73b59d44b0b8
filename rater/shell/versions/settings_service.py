"""Settings service: every version of the charging settings, in memory, always up to date (`follower`)."""

import logging
from collections.abc import Sequence

from rater.core.charging_settings import ChargingSettings
from rater.core.times import to_text
from rater.kafka.broker import Broker
from rater.shell.process.metrics import Metrics
from rater.shell.versions.numbered_follower import NumberedFollower
from rater.shell.versions.refused_field import refusable_fields
from rater.wire.settings.charging_settings import settings_reader
from rater.wire.settings.currencies import shipped_book
from topics.catalog import CHARGING_SETTINGS

log = logging.getLogger(__name__)


class SettingsService(NumberedFollower[ChargingSettings]):
    """The worker's view of the charging settings; where nothing was published, what ships holds."""

    what = "charging settings"

    def __init__(self, broker: Broker, metrics: Metrics) -> None:
        super().__init__(broker, CHARGING_SETTINGS, settings_reader())
        self.book = shipped_book()
        self._metrics = metrics
        metrics.versions.expect_settings_refusals(refusable_fields(CHARGING_SETTINGS))

    def adopt(self, versions: Sequence[ChargingSettings]) -> None:
        """Put versions into a new book."""
        book = self.book
        for settings in versions:
            book = book.with_version(settings)
            since = to_text(settings.valid_from_ms)
            log.info(
                "charging settings version %(version)d, valid from %(valid_from)s",
                {"version": settings.version, "valid_from": since},
            )
            _tell_without_breaker(settings)
        self.book = book
        self._metrics.versions.set_settings_version(max(each.version for each in book.versions))

    def refused(self, reason: str) -> None:
        """Count a record that was skipped."""
        self._metrics.versions.settings_record_refused(reason)

    def tell_beginning(self) -> None:
        """Log which versions there are."""
        known = sorted(each.version for each in self.book.versions)
        log.info("charging settings: versions %(versions)s; 0 is what ships", {"versions": known})
        if known == [0]:
            _tell_without_breaker(self.book.versions[0])


def _tell_without_breaker(settings: ChargingSettings) -> None:
    named = [code for code, terms in settings.currencies.items() if not terms.spend_per_hour_micros]
    log.info(
        "version %(version)d: no breaker unless an account sets one: %(currencies)s",
        {
            "version": settings.version,
            "currencies": ", ".join([*named, "any currency that is not in the table"]),
        },
    )
