"""Maintenance metrics: what the charging settings hold for maintenance now, and since when."""

from collections.abc import Iterable
from typing import Literal, final, get_args

from prometheus_client import CollectorRegistry, Gauge

from rater.core.charging_settings import ChargingSettings, Held, SettingsBook

Kind = Literal["payments"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Scope = Literal["all", "tenants"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@final
class MaintenanceMetrics:
    """What one service says of the stops that it keeps; no label is a tenant."""

    def __init__(self, registry: CollectorRegistry, kind: Kind) -> None:
        self._kind = kind
        self._since = Gauge(
            "rater_maintenance_since_seconds",
            "Since when the charging settings hold this for maintenance, of all tenants or of some that they name, in "
            "seconds since 1970; 0: they do not.",
            ["kind", "scope"],
            registry=registry,
        )
        self._tenants = Gauge(
            "rater_maintenance_tenants",
            "Tenants that they name, of whom this is held.",
            ["kind"],
            registry=registry,
        )
        for scope in SCOPES:
            self._since.labels(kind, scope)
        self._tenants.labels(kind)

    def measure(self, book: SettingsBook, now_ms: int) -> None:
        """Say what is held now."""
        for scope in SCOPES:
            since_ms = held_since(book, self._kind, scope, now_ms)
            self._since.labels(self._kind, scope).set((since_ms or 0) / 1_000)
        self._tenants.labels(self._kind).set(len(_held(book.at(now_ms), self._kind).tenants))


def held_since(book: SettingsBook, kind: Kind, scope: Scope, now_ms: int) -> int | None:
    """Return since when it is held without a break, by versions in force one after the other; None: it is not."""
    since_ms = None
    for settings in _in_force(book, now_ms):
        if not _holds(settings, kind, scope):
            break
        since_ms = settings.valid_from_ms
    return since_ms


def _in_force(book: SettingsBook, now_ms: int) -> Iterable[ChargingSettings]:
    """Yield the versions that were in force until now, the present one first."""
    before_ms = now_ms + 1
    for settings in book.versions:
        if settings.valid_from_ms < before_ms:
            before_ms = settings.valid_from_ms
            yield settings


def _holds(settings: ChargingSettings, kind: Kind, scope: Scope) -> bool:
    held = _held(settings, kind)
    return held.of_all if scope == "all" else bool(held.tenants)


def _held(settings: ChargingSettings, kind: Kind) -> Held:
    held: Held = getattr(settings, f"held_{kind}")
    return held
