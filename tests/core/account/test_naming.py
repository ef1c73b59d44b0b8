"""Naming: what a version of the settings that was dated back decides before all know it names it, and nothing else."""

from typing import Any

from msgspec.structs import replace

from rater.core.account.naming import named
from rater.core.charging_settings import ChargingSettings, SettingsBook
from tests.build import DAY, NOW, SETTINGS, settings_version
from topics import records as r

HEAD = ("acme/7", "acme", 7, NOW, "account.commands.v1", 0, 3, "USD", -5, 95, 0)
ADJUSTED = r.Adjusted(*HEAD, "cmd", "too much")


def late(version: int, since_ms: int, known_from_ms: int) -> ChargingSettings:
    made = settings_version(version, since_ms)
    fields: dict[str, Any] = {each: getattr(made, each) for each in made.__match_args__}
    return ChargingSettings(**{**fields, "known_from_ms": known_from_ms})


def version_of(entry: r.MoneyEntry, *versions: ChargingSettings) -> int | None:
    (told,) = named([entry], SettingsBook(SETTINGS, versions))
    assert replace(told, settings_version=None) == entry
    version: int | None = getattr(told, "settings_version", None)
    return version


def test_where_nothing_is_dated_back_entries_are_as_they_were() -> None:
    entries: list[r.MoneyEntry | r.CommandRejected] = [ADJUSTED]

    assert named(entries, SettingsBook(SETTINGS, [settings_version(1, 0)])) is entries


def test_a_version_is_named_until_all_know_it() -> None:
    assert version_of(ADJUSTED, late(1, 0, NOW + 1)) == 1
    assert version_of(ADJUSTED, late(1, 0, NOW)) is None


def test_the_version_that_decides_is_named_and_no_other() -> None:
    assert version_of(ADJUSTED, late(1, 0, NOW + DAY), settings_version(2, NOW)) is None
    assert version_of(ADJUSTED, late(1, NOW - 2, NOW + DAY), late(2, NOW - 1, NOW + DAY)) == 2
    assert version_of(ADJUSTED, late(1, NOW + 1, NOW + DAY)) is None


def test_what_no_settings_decide_names_none() -> None:
    (told,) = named(
        [r.DecksSet(*HEAD, "cmd", ("acs",))], SettingsBook(SETTINGS, [late(1, 0, NOW + DAY)])
    )

    assert told == r.DecksSet(*HEAD, "cmd", ("acs",))
