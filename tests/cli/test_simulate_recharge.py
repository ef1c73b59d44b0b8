"""`rater simulate` as a process, with payments: two scenarios as lines in, lines out, and what it says of bad lines."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rater.core.times import to_text
from topics import catalog
from topics.authority import TOPIC_OF

DECK = Path(__file__).parents[1] / "scenarios" / "acs.csv"
CROSSED_MS = 1_704_880_800_000
"""2024-01-10T10:00:00Z."""
COMMANDS, CALLS = catalog.ACCOUNT_COMMANDS.name, catalog.CDR_RAW.name
RESULTS, RESUMES = catalog.PAYMENT_RESULTS.name, catalog.RECHARGE_COMMANDS.name
COMMAND_ID = f"acme/recharge/1/{CROSSED_MS}/1"

Line = dict[str, Any]


def line(topic: str, at_ms: int, value: Any) -> Line:
    return {"topic": topic, "key": "acme", "value": value, "timestamp": to_text(at_ms)}


def setting_up() -> list[Line]:
    orders: list[dict[str, Any]] = [
        {"type": "open_account", "currency": "USD", "decks": ["acs"]},
        {"type": "set_recipients", "emails": ["billing@acme.example"]},
        {"type": "set_payment_methods", "methods": [{"reference": "pm_visa"}]},
        {
            "type": "add_funds",
            "lot_id": "L1",
            "amount_micros": 100_400_000,
            "currency": "USD",
            "purchased_at": to_text(CROSSED_MS - 3_600_000),
        },
        {
            "type": "set_auto_recharge",
            "enabled": True,
            "trigger_micros": 100_000_000,
            "amount_micros": 200_000_000,
        },
    ]
    head = {"tenant_id": "acme"}
    return [
        line(
            TOPIC_OF[order["type"]],
            CROSSED_MS - 3_600_000,
            {**head, "command_id": f"cmd-{n}", **order},
        )
        for n, order in enumerate(orders)
    ]


def call() -> Line:
    """Return the call of 0.50 that takes 100.40 below 100."""
    started = to_text(CROSSED_MS - 219_000)
    fields = {"cdr_id": "c1", "tenant_id": "acme", "direction": "out", "to": "+33612345678"}
    fields |= {"started_at": started, "ended_at": to_text(CROSSED_MS), "usage_country": "US"}
    return line(CALLS, CROSSED_MS, {**fields, "billsec": 219})


def paid(after_s: int, **changes: Any) -> Line:
    at_ms = CROSSED_MS + after_s * 1_000
    told = {
        "outcome": "succeeded",
        "command_id": COMMAND_ID,
        "tenant_id": "acme",
        "at_ms": at_ms,
        "provider": "test",
        "mode": "test",
        "livemode": False,
        "payment_id": "P1",
        "amount_micros": 200_000_000,
        "currency": "USD",
        **changes,
    }
    return line(RESULTS, at_ms, told)


def simulate(lines: Iterable[Line], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rater", "simulate", "--deck", f"acs={DECK}", *options],
        input="".join(json.dumps(each) + "\n" for each in lines),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def written(done: subprocess.CompletedProcess[str], *topics: str) -> list[Line]:
    assert done.returncode == 0
    assert all(each.startswith("warning: ") for each in done.stderr.splitlines()), done.stderr
    return [out for out in map(json.loads, done.stdout.splitlines()) if out["topic"] in topics]


def test_a_crossing_is_paid_once_and_one_lot_makes_299_90() -> None:
    """Scenario 27."""
    done = simulate([*setting_up(), call(), paid(3)])
    payment, notice = written(done, catalog.PAYMENT_COMMANDS.name, catalog.NOTIFICATIONS.name)
    (credit,) = [out for out in written(done, COMMANDS) if out["topic"] == COMMANDS]
    funded = [
        out["value"]
        for out in written(done, catalog.LEDGER.name)
        if out["value"]["kind"] == "funds_added"
    ]

    assert (COMMAND_ID, 200_000_000, "USD", "pm_visa") == tuple(
        payment["value"][name] for name in ("command_id", "amount_micros", "currency", "method")
    )
    assert ("acme", CROSSED_MS) == (payment["key"], payment["timestamp"])
    assert ("add_funds", "P1") == (credit["value"]["type"], credit["value"]["lot_id"])
    assert ["L1", "P1"] == [entry["lot"]["lot_id"] for entry in funded]
    assert 299_900_000 == funded[-1]["balance_micros"]
    assert ("funds_added", ["billing@acme.example"]) == (
        notice["value"]["kind"],
        notice["value"]["emails"],
    )


def test_silence_repeats_the_command_word_for_word_and_a_success_told_twice_is_one_lot() -> None:
    """Scenario 33."""
    lines = [*setting_up(), call(), paid(2_400), paid(2_460)]
    done = simulate(lines, "--until", to_text(CROSSED_MS + 7_200_000))
    payments = written(done, catalog.PAYMENT_COMMANDS.name)
    credits_ = written(done, COMMANDS)

    assert [0, 900, 1_800] == [(p["timestamp"] - CROSSED_MS) // 1_000 for p in payments]
    assert 1 == len({json.dumps(p["value"], sort_keys=True) for p in payments})
    assert ["P1"] == [c["value"]["lot_id"] for c in credits_]


def test_an_end_that_is_no_time_is_refused_by_its_name() -> None:
    done = simulate([], "--until", "nonsense")

    assert "--until: 'nonsense' is neither ISO 8601 nor milliseconds" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_administrators_resume_is_a_line_too() -> None:
    declined = {"outcome": "declined", "decline_class": "hard", "code": "expired_card"}
    refused = paid(3, **declined)
    for name in ("payment_id", "amount_micros", "currency", "livemode"):
        del refused["value"][name]
    resume = {"type": "resume_recharge", "command_id": "r1", "tenant_id": "acme"}
    done = simulate([*setting_up(), call(), refused, line(RESUMES, CROSSED_MS + 60_000, resume)])
    assert done.stderr == ""
    payments = written(done, catalog.PAYMENT_COMMANDS.name)

    assert [COMMAND_ID, f"acme/recharge/2/{CROSSED_MS + 60_000}/1"] == [
        payment["value"]["command_id"] for payment in payments
    ]


def test_what_recharge_cannot_read_or_must_not_credit_comes_out_where_it_does_in_production() -> (
    None
):
    poison = {**paid(3), "value": "{not json"}
    done = simulate([*setting_up(), call(), poison, paid(4, currency="EUR")])
    dead, quarantined = written(done, catalog.RECHARGE_DEAD.name, catalog.PAYMENT_QUARANTINE.name)

    assert "not_json" == dead["value"]["reason"]
    assert "currency_mismatch" == quarantined["value"]["reason"]


def test_a_topic_that_nobody_writes_by_hand_is_named() -> None:
    done = simulate([line(catalog.PAYMENT_COMMANDS.name, CROSSED_MS, {})])

    assert 1 == done.returncode
    assert "topic: 'payment.commands.v1', must be one of" in done.stderr
    assert RESULTS in done.stderr


def test_fields_that_workers_pass_over_are_warned_of_once_and_charging_goes_on() -> None:
    lines = setting_up()
    for each in lines:
        each["value"]["reson"] = "none"
    lines[0]["value"]["time_zome"] = "Europe/Paris"
    lines[1]["partiton"] = 1
    lines[1]["offset"] = 0
    done = simulate(lines)

    assert done.returncode == 0
    assert len(written(done, catalog.LEDGER.name)) == 5
    said = done.stderr.splitlines()
    assert [each.partition(": ")[2].partition(":")[2] for each in said] == [
        "1: reson: is not a known field; workers pass it over",
        "1: time_zome: is not a known field (did you mean time_zone?); workers pass it over",
        "2: partiton: is not a known field (did you mean partition?); it is not read",
        "2: reson: is not a known field; workers pass it over",
        "3: reson: is not a known field; workers pass it over",
        "4: reson: is not a known field; workers pass it over",
        "5: reson: is not a known field; workers pass it over",
    ]
