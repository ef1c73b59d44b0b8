"""Settings files: made whole with what ships; what is unusual is warned of."""

from typing import Any

import orjson

from rater.core.charging_settings import ChargingSettings
from rater.wire.settings.charging_settings import decode_settings, fields_of
from rater.wire.settings.settings_file import complete, warnings
from tests.build import SETTINGS, UNIT

HEAD = {"version": 1, "valid_from": "2026-03-01T00:00:00Z"}


def whole(**fields: Any) -> ChargingSettings:
    settings = decode_settings(orjson.dumps(complete({**HEAD, **fields})))
    assert isinstance(settings, ChargingSettings), settings
    return settings


def test_a_file_of_nothing_is_what_ships() -> None:
    settings = whole()

    assert settings.currencies == SETTINGS.currencies
    assert fields_of(settings) == {**fields_of(SETTINGS), **HEAD}
    assert warnings(settings) == []


def test_a_row_replaces_what_it_names_and_leaves_the_rest() -> None:
    least = {"currency": "VND", "recharge_minimum_micros": 200_000 * UNIT}
    settings = whole(currencies=[least], window_days=4)
    before, after = SETTINGS.terms("VND"), settings.terms("VND")

    assert after.recharge_minimum_micros == 200_000 * UNIT
    assert after.spend_per_hour_micros == before.spend_per_hour_micros
    assert settings.terms("EUR") == SETTINGS.terms("EUR")
    assert settings.window_days == 4


def test_what_is_given_wrongly_stays_for_the_check_that_follows() -> None:
    assert complete({"currencies": 7})["currencies"] == 7
    assert complete({"currencies": [7]})["currencies"][-1] == 7
    assert "version" not in complete({})
    twice = [{"currency": "EUR", "decimals": 1}, {"currency": "EUR", "decimals": 0}]
    assert complete({"currencies": twice})["currencies"][-1] == twice[1]


def test_what_is_unusual_is_said() -> None:
    rows = [
        {"currency": "VND", "spend_per_hour_micros": 1_000 * UNIT, "decimals": 2},
        {"currency": "EUR", "spend_per_hour_micros": 0},
        {**fields_of(SETTINGS)["currencies"][0], "currency": "XTS"},
    ]
    said = warnings(whole(currencies=rows))

    assert [sentence.partition(": ")[0] for sentence in said] == ["EUR", "VND", "VND", "XTS"]
    assert "no account has a breaker by default" in said[0]
    assert "ISO 4217 says 0, found 2" in said[1]
    assert "more than 100 times off what ships" in said[2]
    assert "not in the table that ships" in said[3]
