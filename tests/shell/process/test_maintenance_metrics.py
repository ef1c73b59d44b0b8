"""Maintenance metrics: since when what is held, by versions in force one after the other."""

import logging

import pytest
from prometheus_client import CollectorRegistry

from rater.core.charging_settings import ChargingSettings, SettingsBook
from rater.core.times import to_text
from rater.shell.process.maintenance_metrics import MaintenanceMetrics, held_since
from tests.build import SETTINGS, settings_version
from tests.units import DAY, NOW


def book(*versions: ChargingSettings) -> SettingsBook:
    return SettingsBook(SETTINGS, versions)


def test_a_stop_has_begun_with_the_first_of_the_versions_that_say_so_without_a_break() -> None:
    made = book(
        settings_version(1, NOW, payments_held=True),
        settings_version(2, NOW + DAY),
        settings_version(3, NOW + 2 * DAY, payments_held=True),
        settings_version(4, NOW + 3 * DAY, payments_held=True, payments_held_of=("acme",)),
        settings_version(5, NOW + 9 * DAY),
    )

    days = [held_since(made, "payments", "all", NOW + n * DAY) for n in range(-1, 5)]
    assert days == [None, NOW, None, NOW + 2 * DAY, NOW + 2 * DAY, NOW + 2 * DAY]
    assert held_since(made, "payments", "tenants", NOW + 4 * DAY) == NOW + 3 * DAY
    assert held_since(made, "payments", "all", NOW + 9 * DAY) is None


def test_of_versions_from_one_instant_on_the_highest_says_what_is_held() -> None:
    made = book(
        settings_version(1, NOW, payments_held=True),
        settings_version(2, NOW),
        settings_version(3, NOW + DAY, payments_held=True),
    )

    assert held_since(made, "payments", "all", NOW) is None
    assert held_since(made, "payments", "all", NOW + DAY) == NOW + DAY


def test_charging_is_told_apart_from_payments() -> None:
    made = book(settings_version(1, NOW, charging_held=True))

    assert held_since(made, "charging", "all", NOW) == NOW
    assert held_since(made, "payments", "all", NOW) is None


def test_what_is_not_held_is_0_and_not_absent() -> None:
    registry = CollectorRegistry()
    metrics = MaintenanceMetrics(registry, "payments")

    def sample(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(
            f"rater_maintenance_{name}", {"kind": "payments", **labels}
        )

    def shown() -> list[float | None]:
        since = [sample("since_seconds", scope=scope) for scope in ("all", "tenants")]
        return [*since, sample("tenants")]

    assert shown() == [0, 0, 0]
    metrics.measure(book(settings_version(1, NOW, payments_held_of=("a", "b"))), NOW + DAY)
    assert shown() == [0, NOW / 1_000, 2]
    metrics.measure(book(settings_version(1, NOW, payments_held=True)), NOW + DAY)
    assert shown() == [NOW / 1_000, 0, 0]
    metrics.measure(book(), NOW)
    assert shown() == [0, 0, 0]


def test_a_stop_is_told_once_when_it_begins_and_once_when_it_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    metrics = MaintenanceMetrics(CollectorRegistry(), "charging")
    made = book(settings_version(1, NOW, charging_held=True), settings_version(2, NOW + DAY))

    told = [metrics.measure(made, NOW + at) for at in (-1, 0, 1, DAY - 1, DAY, DAY + 1)]

    held = f"charging held of all tenants since {to_text(NOW)}"
    assert told == ["", held, held, held, "", ""]
    assert caplog.messages == [f"maintenance: {held}", "maintenance: charging held no longer"]
