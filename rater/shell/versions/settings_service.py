"""Settings service: every version of the charging settings, in memory, always up to date (`follower`)."""

import logging
from collections.abc import Sequence

from aiokafka import ConsumerRecord

from rater.core.charging_settings import ChargingSettings
from rater.core.times import to_text
from rater.kafka.broker import Broker
from rater.shell.process.metrics import Metrics
from rater.shell.versions.follower import Follower, tell_skipped
from rater.shell.versions.shared_topic import SharedTopic
from rater.wire.settings.charging_settings import BadSettings, SettingsReader
from rater.wire.settings.currencies import shipped_book
from topics.catalog import CHARGING_SETTINGS

log = logging.getLogger(__name__)


class SettingsService(Follower[ChargingSettings | BadSettings]):
    """The worker's view of the charging settings; where nothing was published, what ships holds."""

    what = "charging settings"

    def __init__(
        self, broker: Broker, metrics: Metrics, topic: str = CHARGING_SETTINGS.name
    ) -> None:
        super().__init__(SharedTopic(broker, topic, CHARGING_SETTINGS.max_message_bytes))
        self.book = shipped_book()
        self._metrics = metrics
        self._reader = SettingsReader()

    def assemble(self, records: Sequence[ConsumerRecord]) -> list[ChargingSettings | BadSettings]:
        """Read records; what cannot be used is logged."""
        made: list[ChargingSettings | BadSettings] = []
        for record in records:
            outcome = self._reader.feed(record.key, record.value)
            if isinstance(outcome, BadSettings):
                tell_skipped(record, outcome.key, outcome.detail)
            if outcome is not None:
                made.append(outcome)
        return made

    def take(self, made: Sequence[ChargingSettings | BadSettings]) -> None:
        """Put versions into a new book."""
        book = self.book
        for outcome in made:
            if isinstance(outcome, ChargingSettings):
                book = book.with_version(outcome)
                since = to_text(outcome.valid_from_ms)
                log.info(
                    "charging settings version %(version)d, valid from %(valid_from)s",
                    {"version": outcome.version, "valid_from": since},
                )
                _tell_without_breaker(outcome)
            else:
                self._metrics.settings_record_refused(outcome.detail.partition(":")[0])
        self.book = book
        self._metrics.set_settings_version(max(each.version for each in book.versions))

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
