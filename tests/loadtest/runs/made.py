"""Runs that were made up, for tests of what is kept and shown of them."""

from typing import Any

import msgspec

from loadtest.clocks import Timing
from loadtest.monitor import Sample
from loadtest.runs.record import FORMAT, Charging, Circumstances, Latency, Money, Run

BEGAN_S = 1_790_000_000.0
DISK = {"cdr.raw.v1": 4_500_000, "ledger.entries.v1": 5_400_000, "__consumer_offsets": 99}


def a_run(**changes: Any) -> Run:
    """Return a run that is good, but for what is changed."""
    samples = [
        Sample(
            BEGAN_S + second,
            1_000 * second,
            9_000 - 1_000 * second,
            {"worker": 0.9, "broker": 0.3},
            {"worker": 100 << 20, "broker": 300 << 20},
        )
        for second in range(10)
    ]
    timings = [Timing(n / 20 - 5, 0.003, 0.1 + n / 1_000, 0.12 + n / 1_000) for n in range(700)]
    clock = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "max": 120.0}
    results = {
        "valid": True,
        "why_not": None,
        "offered_per_s": 1_020,
        "produced_ms": clock,
        "threshold_event_ms": clock,
        "payment_command_ms": clock,
    }
    run = Run(
        FORMAT,
        Circumstances(
            "2026-09-21T13:33:20Z", "abc123", {"cpu": "Some <CPU>", "cores": "2"}, {"python": "3.12"},
            {}, "loadtest run", 1,
        ),
        {"tenants": 1_000, "seed": 1, "start_ms": 5},
        Charging(9_000, 41_234.5, 16.25, 8.5, 4_500, 2.5, DISK, samples),
        Money(0, 1_000, 0, 9_100, {"rated": 8_000, "free": 1_000}, [], is_reconciled=True),
        Latency(results, BEGAN_S + 60, timings, samples),
    )  # fmt: skip
    return msgspec.structs.replace(run, **changes)
