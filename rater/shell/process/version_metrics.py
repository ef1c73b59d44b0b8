"""Version metrics: which rate decks and charging settings are known, and how new they are."""

from collections.abc import Iterable
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge

from topics.records.standing import Problem


class VersionMetrics:
    """What those count that follow the topics of decks and settings; None: for nobody."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        self._decks = Gauge(
            "rater_decks_whole",
            "Versions of rate decks that can price calls.",
            registry=registry,
        )
        self._decks_since = Gauge(
            "rater_decks_valid_from_seconds",
            "From when on the deck version holds that came into force last, of whichever deck, in seconds since 1970: "
            "time() less this is how old the newest prices are; 0: none.",
            registry=registry,
        )
        self._deck_refusals = Counter(
            "rater_deck_records_refused",
            "Records of the deck topic that could not be used.",
            ["reason"],
            registry=registry,
        )
        self._deck_warnings = Counter(
            "rater_deck_warnings",
            "Decks that accounts were given and that price nothing.",
            ["problem"],
            registry=registry,
        )
        for problem in get_args(Problem):
            self._deck_warnings.labels(problem)
        self._settings = Gauge(
            "rater_charging_settings_version",
            "The highest version of the charging settings that is known.",
            registry=registry,
        )
        self._settings_refusals = Counter(
            "rater_settings_records_refused",
            "Records of the settings topic that could not be used.",
            ["reason"],
            registry=registry,
        )

    def expect_deck_refusals(self, fields: Iterable[str]) -> None:
        """Show at 0 by which fields records of the deck topic may be refused."""
        for field in fields:
            self._deck_refusals.labels(field)

    def expect_settings_refusals(self, fields: Iterable[str]) -> None:
        """Show likewise those of the settings topic."""
        for field in fields:
            self._settings_refusals.labels(field)

    def set_decks_whole(self, versions: int) -> None:
        """Say how many versions of decks are whole."""
        self._decks.set(versions)

    def set_decks_since(self, valid_from_s: int) -> None:
        """Say since when the deck version holds that came into force last, in seconds since 1970."""
        self._decks_since.set(valid_from_s)

    def deck_record_refused(self, reason: str) -> None:
        """Count a record of the deck topic that was skipped."""
        self._deck_refusals.labels(reason).inc()

    def set_settings_version(self, version: int) -> None:
        """Say which version of the charging settings is the highest that is known."""
        self._settings.set(version)

    def settings_record_refused(self, reason: str) -> None:
        """Count a record of the settings topic that was skipped."""
        self._settings_refusals.labels(reason).inc()

    def deck_warned(self, problem: str) -> None:
        """Count a deck that an account was given though it prices nothing."""
        self._deck_warnings.labels(problem).inc()
