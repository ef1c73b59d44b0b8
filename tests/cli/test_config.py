"""`rater config lint`: what is wrong is named with its field, what is unusual is a warning."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rater.cli.config import config
from topics.records import ChargingSettings

HEAD = {"version": 1, "valid_from": "2026-03-01T00:00:00Z"}


def lint(folder: Path, text: str) -> Result:
    file = folder / "settings.json"
    file.write_text(text)
    return CliRunner().invoke(config, ["lint", str(file)])


def test_a_file_without_faults_passes_with_its_warnings(tmp_path: Path) -> None:
    rows = [{"currency": "EUR", "spend_per_hour_micros": 0}]
    found = lint(tmp_path, json.dumps({**HEAD, "currencies": rows}))

    assert found.exit_code == 0
    assert "warning: EUR: spend_per_hour_micros: 0, no account has a breaker" in found.output
    assert "version 1, valid from 2026-03-01T00:00:00Z" in found.output


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"version": 0}, "version: must be at least 1, found 0"),
        ({"window_days": 60}, "window_days: must be at most 7, found 60"),
        ({"tolerance": 1}, "tolerance: "),
        ({"currencies": [{"currency": "VND", "decimals": "0"}]}, "decimals: must be"),
        ({"currencies": [{"currency": "XTS"}]}, ".decimals: "),
        (
            {"currencies": [{"currency": "EUR", "recharge_minimum_micros": 5}]},
            "recharge_minimum_micros: must be whole units of EUR, found 5",
        ),
    ],
)
def test_a_fault_is_named_with_its_field(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    found = lint(tmp_path, json.dumps({**HEAD, **fields}))

    assert found.exit_code == 1
    assert said in found.output


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1, "version": 2}', "{}"])
def test_what_is_no_settings_file_is_said(tmp_path: Path, text: str) -> None:
    found = lint(tmp_path, text)

    assert found.exit_code == 1
    assert "Error: " in found.output


def test_what_ships_is_shown_without_a_broker_and_is_a_file_to_load(tmp_path: Path) -> None:
    shown = CliRunner().invoke(config, ["show", "--shipped", "--broker", "127.0.0.1:1"])
    assert shown.exit_code == 0
    assert "VND" in shown.stdout
    assert "canary_tenants: none" in shown.stdout

    printed = CliRunner().invoke(config, ["show", "--shipped", "--json"]).stdout
    assert (*json.loads(printed), "known_from") == ChargingSettings.__struct_fields__
    file = tmp_path / "settings.json"
    file.write_text(printed)
    checked = CliRunner().invoke(config, ["lint", str(file)])
    assert checked.exit_code == 0, checked.output
    assert "version 1, valid from" in checked.stdout
