"""Settings load: publishes one version of the charging settings (`numbered_load`), and tells which there are.

A version that is dated back, or in force before every worker knows it, is published with the instant until when what it
decides has to name it (`core/account/naming`).
"""

from rater.core.charging_settings import ChargingSettings, SettingsBook
from rater.core.limits import HOUR_MS, SECOND_MS
from rater.kafka.broker import Broker
from rater.shell.versions.numbered_load import LEAD_MS, NumberedLoader, read_published
from rater.wire.settings.charging_settings import encode_settings, settings_reader
from rater.wire.settings.currencies import shipped_settings
from topics.catalog import CHARGING_SETTINGS
from topics.roles import CONFIG_LOADER_ID

NAMED_MS = HOUR_MS
"""For so long after its publication a version that is dated back is named. A worker knows it within seconds; but the
times of records are their producers', whose clocks may be ahead."""


class SettingsLoader(NumberedLoader[ChargingSettings]):
    """The one loader of charging settings."""

    async def load(self, asked: ChargingSettings, now_ms: int, *, backdate: bool) -> bool:
        """Publish a version as others do, with what it has to say where it is dated back."""
        known = self.published.versions.get(asked.version)
        return await super().load(as_published(asked, known, now_ms), now_ms, backdate=backdate)


def settings_loader(broker: Broker) -> SettingsLoader:
    """Return the one loader of charging settings."""
    return SettingsLoader(
        broker, CHARGING_SETTINGS, CONFIG_LOADER_ID, settings_reader(), encode_settings
    )


def is_dated_back(asked: ChargingSettings, now_ms: int) -> bool:
    """Tell whether records of its time may be decided before every worker knows a version that is published now."""
    return asked.valid_from_ms < now_ms + LEAD_MS


def as_published(
    asked: ChargingSettings, known: ChargingSettings | None, now_ms: int
) -> ChargingSettings:
    """Return a version as it is published now; `known`: as it was before, which stays true of it."""
    known_from_ms = 0 if known is None else known.known_from_ms
    if known is None and is_dated_back(asked, now_ms):
        known_from_ms = (now_ms + NAMED_MS) // SECOND_MS * SECOND_MS
    fields = {name: getattr(asked, name) for name in asked.__match_args__}
    return ChargingSettings(**{**fields, "known_from_ms": known_from_ms})


async def read_settings(broker: Broker) -> SettingsBook:
    """Return what ships, and all that is committed on the topic."""
    published = await read_published(broker, CHARGING_SETTINGS, settings_reader())
    return SettingsBook(shipped_settings(), published.versions.values())
