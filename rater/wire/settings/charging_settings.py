"""Charging settings on their topic: versions, each a record of its own (`wire/versions`)."""

from typing import Any

import msgspec

from rater.core.charging_settings import ChargingSettings, Held
from rater.core.limits import UNIT_MICROS
from rater.core.times import to_text
from rater.wire.demands import shown
from rater.wire.malformed import undecodable
from rater.wire.moments import read_moment
from rater.wire.versions import VersionReader
from topics import records as r
from topics.records import CurrencyTerms, NumberMask

_OTHERS = (
    "window_days",
    "duration_tolerance_s",
    "duration_tolerance_percent",
    "cdr_max_bytes",
    "number_masks",
    "corrections",
    "freecall_after_days",
    "promotional_credit",
    "canary_tenants",
)
_TENANTS = ("canary_tenants", "payments_held_of")
"""Fields that name tenants, each of them once."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(r.ChargingSettings).decode


def settings_reader() -> VersionReader[ChargingSettings]:
    """Return a reader of the topic that has read nothing yet."""
    return VersionReader(decode_settings)


def decode_settings(value: bytes) -> ChargingSettings | str:
    """Return the version in a record's value, or what is wrong with it."""
    try:
        record = _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        why = undecodable(value, error, r.ChargingSettings)
        return f"{why.field or 'value'}: {why.detail}"
    since_ms = read_moment(record.valid_from)
    if since_ms is None:
        return f"valid_from: must be a time like 2026-01-31T23:00:00Z, found {shown(record.valid_from)}"
    known_ms = 0 if record.known_from is None else read_moment(record.known_from)
    if known_ms is None:
        return f"known_from: must be a time like 2026-01-31T23:00:00Z, found {shown(record.known_from)}"
    wrong = [*faults(record.currencies), *mask_faults(record.number_masks)]
    wrong += tenant_faults(record)
    if wrong:
        return "; ".join(wrong)
    payments = Held(record.payments_held, record.payments_held_of)
    held = [payments, Held(record.charging_held)]
    others = [*(getattr(record, name) for name in _OTHERS), *held, known_ms]
    rows = {each.currency: each for each in record.currencies}
    return ChargingSettings(record.version, since_ms, rows, *others)


def faults(rows: list[CurrencyTerms]) -> list[str]:
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


def mask_faults(rows: tuple[NumberMask, ...]) -> list[str]:
    """Return what can never hold in rows of masks: of one beginning there is one row."""
    prefixes = [row.prefix for row in rows]
    return [
        f"number_masks[{n}].prefix: must be there once, found {prefix!r} again"
        for n, prefix in enumerate(prefixes)
        if prefix in prefixes[:n]
    ]


def tenant_faults(record: r.ChargingSettings) -> list[str]:
    """Return what can never hold in a list of tenants: each is there once."""
    wrong = []
    for field in _TENANTS:
        seen: set[str] = set()
        for n, tenant in enumerate(getattr(record, field)):
            if tenant in seen:
                wrong.append(f"{field}[{n}]: must be there once, found {tenant!r} again")
            seen.add(tenant)
    return wrong


def encode_settings(settings: ChargingSettings) -> tuple[bytes, bytes]:
    """Return key and value of a version's record."""
    return str(settings.version).encode(), _encode(_record_of(settings))


def fields_of(settings: ChargingSettings) -> dict[str, Any]:
    """Return all fields of a version's record, those too that are as by default: who edits them must see them.

    But for `known_from`, which nobody edits.
    """
    record = _record_of(settings)
    names = [name for name in record.__struct_fields__ if name != "known_from"]
    fields = {name: getattr(record, name) for name in names}
    # By way of JSON: in builtins a tuple would stay one, and is no array to a schema.
    as_json: dict[str, Any] = msgspec.json.decode(_encode(fields))
    return as_json


def _record_of(settings: ChargingSettings) -> r.ChargingSettings:
    since = to_text(settings.valid_from_ms)
    others = [getattr(settings, name) for name in _OTHERS]
    others += [settings.held_payments.of_all, settings.held_payments.tenants]
    others.append(settings.held_charging.of_all)
    others.append(to_text(settings.known_from_ms) if settings.known_from_ms else None)
    rows = list(settings.currencies.values())
    return r.ChargingSettings(settings.version, since, rows, *others)
