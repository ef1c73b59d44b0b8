"""Maintenance metrics: what the charging settings hold for maintenance now, and since when; also told in the log."""

import logging
from collections.abc import Iterable
from typing import Literal, final, get_args

from prometheus_client import CollectorRegistry, Gauge

from rater.core.charging_settings import ChargingSettings, Held, SettingsBook
from rater.core.times import to_text

log = logging.getLogger(__name__)

Kind = Literal["payments", "charging"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Scope = Literal["all", "tenants"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@final
class MaintenanceMetrics:
    """What one service says of the stops that it keeps; no label is a tenant."""

    def __init__(self, registry: CollectorRegistry, kind: Kind) -> None:
        self._kind = kind
        self._told = ""
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

    def measure(self, book: SettingsBook, now_ms: int) -> str:
        """Say what is held now, with one line of the log when that changes; return it as text, empty: nothing is."""
        since = {scope: held_since(book, self._kind, scope, now_ms) for scope in SCOPES}
        for scope, since_ms in since.items():
            self._since.labels(self._kind, scope).set((since_ms or 0) / 1_000)
        tenants = len(_held(book.at(now_ms), self._kind).tenants)
        self._tenants.labels(self._kind).set(tenants)
        whom = {"all": "all tenants", "tenants": f"{tenants} tenants"}
        held = [f"of {whom[s]} since {to_text(at)}" for s, at in since.items() if at is not None]
        told = f"{self._kind} held {', '.join(held)}" if held else ""
        if told != self._told:
            self._told = told
            log.info("maintenance: %(held)s", {"held": told or f"{self._kind} held no longer"})
        return told


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
