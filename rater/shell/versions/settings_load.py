"""Settings load: publishes one version of the charging settings (`numbered_load`), and tells which there are."""

from rater.core.charging_settings import ChargingSettings, SettingsBook
from rater.kafka.broker import Broker
from rater.shell.versions.numbered_load import NumberedLoader, read_published
from rater.wire.settings.charging_settings import encode_settings, settings_reader
from rater.wire.settings.currencies import shipped_settings
from topics.catalog import CHARGING_SETTINGS
from topics.roles import CONFIG_LOADER_ID


def settings_loader(broker: Broker) -> NumberedLoader[ChargingSettings]:
    """Return the one loader of charging settings."""
    return NumberedLoader(
        broker, CHARGING_SETTINGS, CONFIG_LOADER_ID, settings_reader(), encode_settings
    )


async def read_settings(broker: Broker) -> SettingsBook:
    """Return what ships, and all that is committed on the topic."""
    published = await read_published(broker, CHARGING_SETTINGS, settings_reader())
    return SettingsBook(shipped_settings(), published.versions.values())
