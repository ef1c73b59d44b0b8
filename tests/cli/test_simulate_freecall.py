"""`rater simulate` with settings that free what waits for a price: its timer does, on the lines' own clock."""

from typing import Any

from tests.cli.test_simulate_recharge import CALLS, CROSSED_MS, line, setting_up, simulate, written
from topics.catalog import CHARGING_SETTINGS, LEDGER, SUSPENSE

DAY_MS = 86_400_000
USD = {"currency": "USD", "decimals": 2, "spend_per_hour_micros": 0}


def settings(days: int) -> dict[str, Any]:
    terms = {**USD, "recharge_minimum_micros": 50_000_000, "balance_max_micros": 10**15}
    value = {
        "version": 1,
        "valid_from": "2020-01-01T00:00:00Z",
        "currencies": [terms],
        "window_days": 7,
        "duration_tolerance_s": 5,
        "duration_tolerance_percent": 5,
        "cdr_max_bytes": 65_536,
        "freecall_after_days": days,
    }
    return {**line(CHARGING_SETTINGS.name, CROSSED_MS - 7_200_000, value), "key": "1"}


def call(cdr_id: str, at_ms: int) -> dict[str, Any]:
    fields = {"cdr_id": cdr_id, "tenant_id": "acme", "direction": "out", "to": "+999123456"}
    times = {"started_at": "2024-01-10T09:00:00Z", "ended_at": "2024-01-10T09:01:00Z"}
    return line(CALLS, at_ms, {**fields, **times, "billsec": 60})


def test_what_waits_is_freed_when_its_days_are_over() -> None:
    lines = [*setting_up(), call("c1", CROSSED_MS), call("c2", CROSSED_MS + 2 * DAY_MS)]

    waiting = simulate([settings(0), *lines])
    freed = simulate([settings(1), *lines])

    assert len(written(waiting, SUSPENSE.name)) == 2
    assert all(out["value"].get("reason") != "freecall" for out in written(waiting, LEDGER.name))
    (entry,) = [
        out["value"]
        for out in written(freed, LEDGER.name)
        if out["value"].get("reason") == "freecall"
    ]
    assert (entry["cdr_id"], entry["at_ms"]) == ("c1", CROSSED_MS + DAY_MS)
    assert entry["waited"]["at_ms"] == CROSSED_MS
    assert entry["settings_version"] == 1
