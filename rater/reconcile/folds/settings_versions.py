"""Settings versions: the charging settings that were in force at any time, read from their topic and what ships (R8).

Version 0 is worked out anew from the table of currencies: a breaker of 1,000 and a least recharge of 50 in the order of
a US dollar. A published version says all itself.

A version that was dated back decides some records of its time and not others, for these were decided before it was
published. What it decides names it, until when it says that all know it; what names none was decided without it.
"""

import csv
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from rater.reconcile.difference import Complaint, Difference
from rater.reconcile.folds.masks import Mask
from rater.reconcile.folds.numbered_versions import in_force, read_versions
from rater.reconcile.reading.log import Record
from rater.reconcile.reading.schemas import decoder_of_record
from rater.reconcile.reading.sources import millis
from topics import catalog
from topics import records as r
from topics.fields import AMOUNT_MICROS_MAX

PROOF = "settings"
TOPIC = catalog.CHARGING_SETTINGS.name

UNIT = 1_000_000
_read = decoder_of_record(r.ChargingSettings)


class Terms(NamedTuple):
    """What holds in a currency; `spend_per_hour` 0: no breaker."""

    spend_per_hour: int
    recharge_minimum: int
    balance_max: int


OTHERS = Terms(0, UNIT, AMOUNT_MICROS_MAX)
"""What holds in a currency that is not in a table."""


class Version(NamedTuple):
    """One version of the settings."""

    version: int
    valid_from_ms: int
    terms: dict[str, Terms]
    window_days: int = 7
    tolerance_s: int = 5
    tolerance_percent: int = 5
    masks: tuple[Mask, ...] = ()
    corrections: bool = True
    freecall_days: int = 0
    promotional_credit: str = "first"
    payments_held: bool = False
    payments_held_of: frozenset[str] = frozenset()
    charging_held: bool = False
    known_from_ms: int = 0
    """From when on nobody decides without it; before, what it decides names it."""

    def holds_payments(self, tenant_id: str) -> bool:
        """Say whether no new payment may be asked for of a tenant."""
        return self.payments_held or tenant_id in self.payments_held_of

    def of(self, currency: str) -> Terms:
        """Return what holds in a currency."""
        return self.terms.get(currency, OTHERS)


@cache
def shipped() -> Version:
    """Work out version 0."""
    text = files("rater").joinpath("data/currencies.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if line[:1] != "#")
    terms = {}
    for row in rows:
        dollar = UNIT * 10 ** int(row["magnitude"])
        spend = min(1_000 * dollar, AMOUNT_MICROS_MAX)
        most = min(10**9 * dollar, AMOUNT_MICROS_MAX)
        terms[row["currency"]] = Terms(spend, 50 * dollar, most)
    return Version(0, 0, terms)


@dataclass(slots=True)
class SettingsVersions:
    """What ships and what was published, and what is wrong with the rest."""

    versions: list[Version] = field(default_factory=lambda: [shipped()])
    faults: list[Difference] = field(default_factory=list)
    _turns: list[int] = field(init=False)
    """The instants at which it may become another version that decides, in order."""
    _possible: dict[int, list[Version]] = field(init=False, default_factory=dict)
    """What was possible behind so many of them, as far as it was asked."""

    def __post_init__(self) -> None:
        """Note when versions begin, and from when on all know them."""
        turns = {at for each in self.versions for at in (each.valid_from_ms, each.known_from_ms)}
        self._turns = sorted(turns)

    def at(self, at_ms: int) -> Version:
        """Return the version that decides what names none, by its instant."""
        return self.possible(at_ms)[0]

    def possible(self, at_ms: int) -> list[Version]:
        """Return the versions that may decide at an instant: that one, and those dated back that are before it."""
        begun = bisect_right(self._turns, at_ms)
        if begun not in self._possible:
            self._possible[begun] = self._possible_at(at_ms)
        return self._possible[begun]

    def _possible_at(self, at_ms: int) -> list[Version]:
        by_then = [each for each in self.versions[1:] if each.known_from_ms <= at_ms]
        known = in_force(by_then, at_ms) or self.versions[0]
        late = [each for each in self.versions if each.valid_from_ms <= at_ms < each.known_from_ms]
        return [known, *(each for each in late if _rank(each) > _rank(known))]

    def of(self, said: Any) -> Version:
        """Return the version that decided a record; where the one that it names cannot have, what is without it."""
        named = getattr(said, "settings_version", None)
        possible = self.possible(said.at_ms)
        if named is None:
            return possible[0]
        return next((each for each in possible if each.version == named), possible[0])


def _rank(version: Version) -> tuple[bool, int, int]:
    return version.version > 0, version.valid_from_ms, version.version


def read_settings(records: Iterable[tuple[int, Record]]) -> SettingsVersions:
    """Read the versions on the topic."""
    versions, faults = read_versions(records, _read_version, PROOF, TOPIC)
    return SettingsVersions([shipped(), *versions], faults)


def _read_version(record: Record) -> Version | Complaint:
    """Return the version in a record, or what is wrong with it."""
    found = _version(record)
    if isinstance(found, str):
        return Complaint("value", "a version of the charging settings", found)
    if 0 < found.known_from_ms < record.at_ms:
        when = f"after its publication, {record.at_ms}"
        return Complaint("known_from", when, found.known_from_ms)
    return found


def _version(record: Record) -> Version | str:
    """Return the version in a record, or what is wrong with it."""
    try:
        settings: r.ChargingSettings = _read(record.value or b"")
        since_ms = millis(msgspec.convert(settings.valid_from, datetime))
        known = settings.known_from
        known_ms = 0 if known is None else millis(msgspec.convert(known, datetime))
    except (msgspec.MsgspecError, ValueError) as error:
        return str(error)
    terms = {
        row.currency: Terms(
            row.spend_per_hour_micros, row.recharge_minimum_micros, row.balance_max_micros
        )
        for row in settings.currencies
    }
    if record.key != str(settings.version).encode() or len(terms) != len(settings.currencies):
        return f"key {record.key!r}, {len(settings.currencies)} rows, {len(terms)} currencies"
    if any(each.recharge_minimum % UNIT for each in terms.values()):
        return "a least recharge that is not of whole units"
    return Version(
        settings.version,
        since_ms,
        terms,
        settings.window_days,
        settings.duration_tolerance_s,
        settings.duration_tolerance_percent,
        tuple((mask.prefix, mask.digits) for mask in settings.number_masks),
        settings.corrections,
        settings.freecall_after_days,
        settings.promotional_credit,
        settings.payments_held,
        frozenset(settings.payments_held_of),
        settings.charging_held,
        known_ms,
    )
