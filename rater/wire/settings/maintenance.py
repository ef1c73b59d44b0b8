"""Maintenance stops: the charging settings with something held more, or something held less."""

from collections.abc import Sequence
from typing import Final

from rater.core.charging_settings import ChargingSettings, Held

KINDS: Final = ("payments", "charging")
"""What can be held."""
OF_ALL_ALONE: Final = ("charging",)
"""What is held of all tenants, or of nobody."""


def held_of(settings: ChargingSettings, kind: str) -> Held:
    """Return of whom a kind is held."""
    found: Held = getattr(settings, f"held_{kind}")
    return found


def held(before: ChargingSettings, kind: str, tenants: Sequence[str]) -> ChargingSettings:
    """Return settings by which a kind is held of all tenants, or besides of these; the same where it is already."""
    now = held_of(before, kind)
    named = tuple(dict.fromkeys((*now.tenants, *tenants)))
    return _changed(before, kind, Held(now.of_all or not tenants, named))


def released(before: ChargingSettings, kind: str, tenants: Sequence[str]) -> ChargingSettings:
    """Return settings by which a kind is held of nobody, or not by the names of these tenants any more."""
    now = held_of(before, kind)
    left = tuple(each for each in now.tenants if each not in tenants)
    return _changed(before, kind, Held(now.of_all, left) if tenants else Held())


def _changed(before: ChargingSettings, kind: str, after: Held) -> ChargingSettings:
    if held_of(before, kind) == after:
        return before
    fields = {name: getattr(before, name) for name in before.__match_args__}
    return ChargingSettings(**{**fields, f"held_{kind}": after})
