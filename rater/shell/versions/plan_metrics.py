"""Plan metrics: which plan catalogs charging knows, on the registry that every service has."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge


class PlanMetrics:
    """What the plan service counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._known = Gauge(
            "rater_plan_catalog_version",
            "The highest version of the plan catalog that is known; 0: none.",
            registry=registry,
        )
        self._in_force = Gauge(
            "rater_plan_catalog_in_force",
            "The version of the plan catalog that is in force; 0: none.",
            registry=registry,
        )
        self._since = Gauge(
            "rater_plan_catalog_valid_from_seconds",
            "From when on it is in force, in seconds since 1970: time() less this is its age; 0: none.",
            registry=registry,
        )
        self._refusals = Counter(
            "rater_plan_records_refused",
            "Records of the plan topic that could not be used.",
            ["reason"],
            registry=registry,
        )

    def set_known(self, version: int) -> None:
        """Say which version is the highest that is known."""
        self._known.set(version)

    def set_in_force(self, version: int, valid_from_s: int) -> None:
        """Say which version is in force, and from when on."""
        self._in_force.set(version)
        self._since.set(valid_from_s)

    def expect_refusals(self, fields: Iterable[str]) -> None:
        """Show at 0 by which fields records of the plan topic may be refused."""
        for field in fields:
            self._refusals.labels(field)

    def record_refused(self, reason: str) -> None:
        """Count a record of the plan topic that was skipped."""
        self._refusals.labels(reason).inc()
