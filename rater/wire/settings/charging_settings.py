"""Charging settings on their topic: versions, each a record of its own, whole and immutable.

Rule 1: the key is the version; what says otherwise under the same version later is refused, and the version stays.
Rule 2: bytes that cannot be used come back as `BadSettings`, never as an exception: what was in force goes on.
"""

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from rater.core.charging_settings import ChargingSettings, CurrencyTerms
from rater.core.limits import UNIT_MICROS, WINDOW_DAYS, WINDOW_DAYS_MIN
from rater.wire.command_fields import Currency, NotNegative, Positive
from rater.wire.demands import shown
from rater.wire.keys import key_text
from rater.wire.moments import read_moment
from rater.wire.settings.currencies import DECIMALS_MAX
from rater.wire.times import to_text

VERSION_MAX = 2**31 - 1
CURRENCIES_MAX = 300
CDR_BYTES_MIN, CDR_BYTES_MOST = 1_024, 1_048_576

_NUMBERS = (
    "window_days",
    "duration_tolerance_s",
    "duration_tolerance_percent",
    "cdr_max_bytes",
)
_KEY = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_encode = msgspec.json.Encoder().encode


class TermsRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """`topics.records.CurrencyTerms`."""

    currency: Currency
    decimals: Annotated[int, Meta(ge=0, le=DECIMALS_MAX)]
    spend_per_hour_micros: NotNegative
    recharge_minimum_micros: Positive
    balance_max_micros: Positive


class SettingsRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """`topics.records.ChargingSettings`."""

    version: Annotated[int, Meta(ge=1, le=VERSION_MAX)]
    valid_from: str
    currencies: Annotated[list[TermsRecord], Meta(min_length=1, max_length=CURRENCIES_MAX)]
    window_days: Annotated[int, Meta(ge=WINDOW_DAYS_MIN, le=WINDOW_DAYS)]
    duration_tolerance_s: Annotated[int, Meta(ge=0, le=86_400)]
    duration_tolerance_percent: Annotated[int, Meta(ge=0, le=100)]
    cdr_max_bytes: Annotated[int, Meta(ge=CDR_BYTES_MIN, le=CDR_BYTES_MOST)]


_decode = msgspec.json.Decoder(SettingsRecord).decode


class BadSettings(Struct, frozen=True):
    """A record of the settings topic that changes nothing, and why."""

    key: str
    detail: str


class SettingsReader:
    """Takes the records of the topic in their order."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._versions: dict[int, ChargingSettings] = {}

    def feed(self, key: bytes | None, value: bytes | None) -> ChargingSettings | BadSettings | None:
        """Take a record: return the version that it brings, what is wrong with it, or None."""
        name = key_text(key)
        if not _KEY.fullmatch(name):
            return BadSettings(name, f"key: must be a version like 1, found {name!r}")
        known = self._versions.get(int(name))
        if value is None:
            stays = "value: was deleted, but a version is immutable; it stays until the next start"
            return None if known is None else BadSettings(name, stays)
        settings = decode_settings(value)
        if isinstance(settings, str):
            return BadSettings(name, settings)
        if settings.version != int(name):
            return BadSettings(name, f"version: must be that of the key, found {settings.version}")
        if known is not None:
            other = f"version: {name} is known with other content, and a version is immutable"
            return None if known == settings else BadSettings(name, other)
        self._versions[settings.version] = settings
        return settings


def decode_settings(value: bytes) -> ChargingSettings | str:
    """Return the version in a record's value, or what is wrong with it."""
    try:
        record = _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return f"value: {error}"
    since_ms = read_moment(record.valid_from)
    if since_ms is None:
        return f"valid_from: must be a time like 2026-01-31T23:00:00Z, found {shown(record.valid_from)}"
    if wrong := faults(record.currencies):
        return "; ".join(wrong)
    terms = (CurrencyTerms(*msgspec.structs.astuple(row)) for row in record.currencies)
    numbers = [getattr(record, name) for name in _NUMBERS]
    return ChargingSettings(
        record.version, since_ms, {each.currency: each for each in terms}, *numbers
    )


def faults(rows: list[TermsRecord]) -> list[str]:
    """Return what can never hold in rows of currencies, each with its field and what was found."""
    wrong = []
    seen: set[str] = set()
    for n, row in enumerate(rows):
        least, where = row.recharge_minimum_micros, f"currencies[{n}]"
        if row.currency in seen:
            wrong.append(f"{where}.currency: must be there once, found {row.currency} again")
        seen.add(row.currency)
        if least % UNIT_MICROS:
            wrong.append(
                f"{where}.recharge_minimum_micros: must be whole units of {row.currency}, found {least}"
            )
        if least > row.balance_max_micros:
            wrong.append(
                f"{where}.balance_max_micros: must be at least recharge_minimum_micros, {least}, "
                f"found {row.balance_max_micros}"
            )
    return wrong


def encode_settings(settings: ChargingSettings) -> tuple[bytes, bytes]:
    """Return key and value of a version's record."""
    return str(settings.version).encode(), _encode(fields_of(settings))


def fields_of(settings: ChargingSettings) -> dict[str, Any]:
    """Return the fields of a version's record."""
    names = CurrencyTerms.__match_args__
    return {
        "version": settings.version,
        "valid_from": to_text(settings.valid_from_ms),
        "currencies": [
            {name: getattr(terms, name) for name in names} for terms in settings.currencies.values()
        ],
        **{name: getattr(settings, name) for name in _NUMBERS},
    }
