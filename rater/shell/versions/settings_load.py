"""Settings load: publishes one version of the charging settings, and tells which there are.

Rule 1: a version is immutable, and the numbers rise: the same one again changes nothing, a lower one is refused.
Rule 2: a version is in force a minute after it is published, at the earliest: by then every worker knows it, and none
        decides by another. One dated back decides otherwise about what was charged already when that is replayed: only
        when it is said to be meant.
"""

from collections.abc import Sequence

from aiokafka import ConsumerRecord

from rater.core.charging_settings import ChargingSettings, SettingsBook
from rater.core.times import to_text
from rater.kafka.broker import Broker
from rater.shell.versions.shared_loader import LoadRefusedError, SharedLoader, read_all
from rater.shell.versions.shared_topic import SharedTopic
from rater.wire.settings.charging_settings import SettingsReader, encode_settings
from rater.wire.settings.currencies import shipped_book
from topics.catalog import CHARGING_SETTINGS
from topics.roles import CONFIG_LOADER_ID

LEAD_MS = 60_000
"""The least time between a version's publication and its force."""


class Published:
    """The versions on the topic, with what ships."""

    def __init__(self) -> None:
        """Begin with what ships."""
        self.book: SettingsBook = shipped_book()
        self._reader = SettingsReader()

    def take(self, records: Sequence[ConsumerRecord]) -> None:
        """Take records of the topic, in their order; what a worker skips is skipped."""
        for record in records:
            outcome = self._reader.feed(record.key, record.value)
            if isinstance(outcome, ChargingSettings):
                self.book = self.book.with_version(outcome)

    def find(self, version: int) -> ChargingSettings | None:
        """Return a version; None where it is not there."""
        return next((each for each in self.book.versions if each.version == version), None)


def decide(book: SettingsBook, settings: ChargingSettings, now_ms: int, *, backdate: bool) -> bool:
    """Say whether a version is to be published; False: it is there already, the same.

    Raises `LoadRefusedError` with what speaks against it.
    """
    known = next((each for each in book.versions if each.version == settings.version), None)
    last = max(each.version for each in book.versions)
    if known is not None:
        if known == settings:
            return False
        raise LoadRefusedError(
            f"version: {settings.version} is on the topic with other content; a version is immutable, load it as "
            f"version {last + 1}"
        )
    if settings.version < last:
        raise LoadRefusedError(f"version: must be above {last}, the last, found {settings.version}")
    earliest_ms = now_ms + LEAD_MS
    if settings.valid_from_ms < earliest_ms and not backdate:
        raise LoadRefusedError(
            f"valid_from: must be {to_text(earliest_ms)} or later, so that every worker knows the version before it "
            f"decides by it, found {to_text(settings.valid_from_ms)}. Say --backdate if an earlier time is meant"
        )
    return True


async def read_published(broker: Broker, topic: str = CHARGING_SETTINGS.name) -> Published:
    """Return all that is committed on the topic."""
    published = Published()
    async with SharedTopic(broker, topic, CHARGING_SETTINGS.max_message_bytes) as reader:
        await read_all(reader, published.take)
    return published


class SettingsLoader(SharedLoader):
    """The one loader of charging settings, from `open` until another opens: reads, then publishes."""

    def __init__(self, broker: Broker, topic: str = CHARGING_SETTINGS.name) -> None:
        self.published = Published()
        super().__init__(
            broker,
            topic,
            CHARGING_SETTINGS.max_message_bytes,
            CONFIG_LOADER_ID,
            self.published.take,
        )

    async def publish(self, settings: ChargingSettings) -> None:
        """Publish a version, and wait until readers see it; raise when another loader has taken over."""
        overtaken = "another load has begun meanwhile; nothing was published by this one"
        await self.send([encode_settings(settings)], overtaken)
        await self.wait_until(lambda: self.published.find(settings.version) is not None)
