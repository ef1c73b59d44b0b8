"""Charging settings on their topic: read whole, refused with the field, immutable."""

import json
from typing import Any

import jsonschema
import pytest

from rater.core.charging_settings import ChargingSettings, Held
from rater.wire.settings.charging_settings import (
    decode_settings,
    encode_settings,
    fields_of,
)
from tests.build import NOW, SETTINGS, UNIT, settings_version
from topics.catalog import CHARGING_SETTINGS
from topics.records import NumberMask
from topics.schema import topic_schema


def changed(**fields: Any) -> bytes:
    return json.dumps({**fields_of(settings_version(1, NOW)), **fields}).encode()


def row(**fields: Any) -> dict[str, Any]:
    return {**fields_of(SETTINGS)["currencies"][0], **fields}


def test_what_is_written_is_read_and_fits_the_schema() -> None:
    settings = settings_version(7, NOW, window_days=5)
    key, value = encode_settings(settings)

    assert (key, decode_settings(value)) == (b"7", settings)
    assert b"known_from" not in value
    jsonschema.Draft202012Validator(topic_schema(CHARGING_SETTINGS)).validate(json.loads(value))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"{", "value: "),
        (b"\xff", "value: "),
        (changed(valid_from="2026-03-01"), "valid_from: must be a time like"),
        (changed(known_from="2026-03-01"), "known_from: must be a time like"),
        (changed(window_days=8), "window_days: must be at most 7, found 8"),
        (changed(extra=1), "extra: is not a known field"),
        (changed(currencies=[]), "currencies: must not be empty, found []"),
        (changed(currencies=[row(), row()]), "currencies[1].currency: must be there once"),
        (
            changed(currencies=[row(recharge_minimum_micros=UNIT + 1)]),
            "currencies[0].recharge_minimum_micros: must be whole units of AED, found 1000001",
        ),
        (
            changed(currencies=[row(balance_max_micros=UNIT)]),
            "currencies[0].balance_max_micros: must be at least recharge_minimum_micros, 500000000, found 1000000",
        ),
    ],
)
def test_what_cannot_be_used_is_said_with_its_field(value: bytes, said: str) -> None:
    wrong = decode_settings(value)

    assert isinstance(wrong, str)
    assert wrong.startswith(said)


def test_masks_are_read_and_written_and_of_one_beginning_there_is_one() -> None:
    masks = [{"prefix": "+49", "digits": 3}, {"prefix": "", "digits": 4}]
    record = {**fields_of(settings_version(1, NOW)), "number_masks": masks}
    settings = decode_settings(json.dumps(record).encode())

    assert isinstance(settings, ChargingSettings)
    assert (NumberMask("+49", 3), NumberMask("", 4)) == settings.number_masks
    assert masks == [*fields_of(settings)["number_masks"]]
    twice = json.dumps({**record, "number_masks": [*masks, masks[0]]}).encode()
    assert decode_settings(twice) == (
        "number_masks[2].prefix: must be there once, found '+49' again"
    )


def test_until_when_a_version_that_is_dated_back_is_named_is_read_and_written() -> None:
    value = changed(known_from="2026-03-01T10:00:00Z")
    settings = decode_settings(value)

    assert isinstance(settings, ChargingSettings)
    assert settings.known_from_ms == 1_772_359_200_000
    assert json.loads(encode_settings(settings)[1])["known_from"] == "2026-03-01T10:00:00Z"
    assert decode_settings(encode_settings(settings)[1]) == settings


def test_that_charging_is_held_is_read_and_written() -> None:
    settings = decode_settings(changed(charging_held=True))

    assert isinstance(settings, ChargingSettings)
    assert settings.held_charging == Held(True)
    assert decode_settings(encode_settings(settings)[1]) == settings


def test_tenants_whose_payments_are_held_are_read_and_written_each_once() -> None:
    settings = decode_settings(changed(payments_held=True, payments_held_of=["b", "a"]))

    assert isinstance(settings, ChargingSettings)
    assert settings.held_payments == Held(True, ("b", "a"))
    assert decode_settings(encode_settings(settings)[1]) == settings
    assert b"payments" not in encode_settings(settings_version(1, NOW))[1]
    assert decode_settings(changed(payments_held_of=["a", "a"])) == (
        "payments_held_of[1]: must be there once, found 'a' again"
    )
    many = decode_settings(changed(payments_held_of=[f"t{n}" for n in range(1_001)]))
    assert str(many).startswith("payments_held_of: must ")


def test_canary_tenants_are_read_and_written_in_their_order_each_once() -> None:
    settings = decode_settings(changed(canary_tenants=["canary-us", "canary-eu"]))

    assert isinstance(settings, ChargingSettings)
    assert settings.canary_tenants == ("canary-us", "canary-eu")
    assert decode_settings(encode_settings(settings)[1]) == settings
    assert b"canary" not in encode_settings(settings_version(1, NOW))[1]
    assert decode_settings(changed(canary_tenants=["a", "b", "a"])) == (
        "canary_tenants[2]: must be there once, found 'a' again"
    )
    many = decode_settings(changed(canary_tenants=[f"canary-{n}" for n in range(65)]))
    assert str(many).startswith("canary_tenants: must ")
