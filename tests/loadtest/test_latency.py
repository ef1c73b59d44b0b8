"""The latency benchmark: its schedule, its percentiles, its verdict; and a small run on real Kafka."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from loadtest.clocks import judge
from loadtest.open_loop import Load, Probe, Sent
from loadtest.percentiles import percentile, summary_ms
from loadtest.rater_command import CommandError
from loadtest.sightings import Sightings
from topics.catalog import BALANCE_EVENTS, PAYMENT_COMMANDS

ROOT = Path(__file__).resolve().parents[2]
LOAD = Load(start_ms=1_790_000_000_000, rate_per_s=50.0, seconds=8.0, warm_up_s=2.0, tenants=5)


def sent(produced_s: Sequence[float]) -> Sent:
    """Return probes due at 102, 103, ... s, each acknowledged so long after."""
    probes = [Probe(f"p{k}", 102.0 + k, 102.0 + k + late) for k, late in enumerate(produced_s)]
    return Sent(began_s=100.0, records=500, measured=400, probes=probes)


def seen(events_s: Sequence[float], commands_s: Sequence[float]) -> Sightings:
    sightings = Sightings()
    sightings.events = {f"p{k}": at for k, at in enumerate(events_s)}
    sightings.commands = {f"p{k}": at for k, at in enumerate(commands_s)}
    return sightings


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([5.0], 50, 5.0),
        ([5.0], 99, 5.0),
        ([1.0, 2.0], 50, 1.0),
        ([1.0, 2.0], 51, 2.0),
        ([float(n) for n in range(1, 101)], 99, 99.0),
        ([float(n) for n in range(1, 102)], 99, 100.0),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(
    values: list[float], percent: int, expected: float
) -> None:
    assert expected == percentile(values, percent)


def test_nothing_measured_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 50)


def test_a_summary_is_in_milliseconds_whatever_the_order() -> None:
    expected = {"p50": 20.0, "p90": 30.5, "p99": 30.5, "max": 30.5}

    assert expected == summary_ms([0.0305, 0.01, 0.02])


def test_each_probe_is_due_once_in_its_own_slot_and_not_on_a_beat() -> None:
    due = LOAD.probes_due_s()

    assert list(range(200)) == [int(at * LOAD.probes_per_s) for at in due]
    assert len({round(at * LOAD.probes_per_s % 1, 3) for at in due}) > 100
    assert due == LOAD.probes_due_s()


def test_a_load_has_a_call_and_an_account_for_each_probe() -> None:
    cast = LOAD.probes()

    assert 200 == len(cast.names()) == len(list(cast.calls())) == len(LOAD.probes_due_s())
    assert 500 == sum(1 for _ in LOAD.workload().cdrs())


def test_latencies_count_from_when_a_call_was_due_even_if_it_was_sent_late() -> None:
    found = judge(LOAD, sent([0.25, 0.003]), seen([102.4, 103.1], [102.5, 103.15]))

    assert found["produced_ms"] == {"p50": 3.0, "p90": 250.0, "p99": 250.0, "max": 250.0}
    assert found["threshold_event_ms"] == {"p50": 100.0, "p90": 400.0, "p99": 400.0, "max": 400.0}
    assert found["payment_command_ms"]["max"] == 500.0
    assert not found["valid"]
    assert "the generator was late: p99 250.0 ms, at most 100 ms" == found["why_not"]
    assert not found["goal_met"]


def test_the_rates_are_those_of_the_measured_time_and_of_all_records() -> None:
    found = judge(LOAD, sent([0.003]), seen([102.1], [102.2]))

    assert (70, 50) == (found["offered_per_s"], found["achieved_per_s"])
    assert (True, True, 1) == (found["valid"], found["goal_met"], found["probes"])


def test_probes_of_the_warm_up_are_left_out() -> None:
    early = Probe("early", 101.9, 109.0)
    late = sent([0.003])
    late.probes.append(early)

    assert 1 == judge(LOAD, late, seen([102.1], [102.2]))["probes"]


def test_a_probe_without_a_command_is_missing_and_misses_the_goal() -> None:
    found = judge(LOAD, sent([0.003, 0.003]), seen([102.1, 103.1], [102.2]))

    assert (2, 1, False) == (found["probes"], found["missing"], found["goal_met"])


def test_a_run_without_any_command_measured_nothing() -> None:
    with pytest.raises(CommandError, match="none of 1 probes"):
        judge(LOAD, sent([0.003]), seen([102.1], []))


def test_the_first_sighting_of_a_tenant_counts_and_other_events_do_not() -> None:
    sightings = Sightings()
    sightings.note(BALANCE_EVENTS.name, b'{"kind":"funds_credited","tenant_id":"t"}', 1.0)
    for now_s in (2.0, 3.0):
        sightings.note(BALANCE_EVENTS.name, b'{"kind":"threshold_crossed","tenant_id":"t"}', now_s)
        sightings.note(PAYMENT_COMMANDS.name, b'{"tenant_id":"t"}', now_s + 0.5)

    assert ({"t": 2.0}, {"t": 2.5}) == (sightings.events, sightings.commands)


@pytest.mark.kafka
def test_a_small_run_on_real_kafka_sees_every_probe_and_ends_with_json(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("RATER_BROKER", raising=False)
    brokers = set((ROOT / ".kafka").glob("latency-*"))
    knobs = ("--rate", "200", "--seconds", "4", "--warm-up", "2", "--probes", "10")
    done = subprocess.run(
        [sys.executable, "-m", "loadtest.latency", *knobs, "--tenants", "20", "--seed", "7"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    results = json.loads(done.stdout.splitlines()[-1])
    # A busy machine may make the generator late: then the run says so, and all else holds.
    assert (0 if results["valid"] else 1) == done.returncode, done.stdout + done.stderr
    assert (40, 0, 7) == (results["probes"], results["missing"], results["seed"])
    assert 210 == results["offered_per_s"]
    assert {"charging", "recharge", "machine"} == results["cores_used"].keys()
    clocks = [results[f"{name}_ms"] for name in ("produced", "threshold_event", "payment_command")]
    for shown in clocks:
        assert 0 < shown["p50"] <= shown["p90"] <= shown["p99"] <= shown["max"]
    # Each probe passes the three in this order, so their percentiles do, too.
    for percent in ("p50", "p90", "p99", "max"):
        assert clocks[1][percent] <= clocks[2][percent]
    assert brokers == set((ROOT / ".kafka").glob("latency-*"))
