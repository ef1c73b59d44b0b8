"""Record: what a run has found, as a JSON file; and one line of each run in a history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from loadtest import json_file
from loadtest.clocks import Timing
from loadtest.monitor import Sample

FORMAT = 1
FILE, PAGE, HISTORY = "run.json", "run.html", "history.jsonl"


class RecordError(Exception):
    """It cannot be read or written; the message names the file."""


class Circumstances(msgspec.Struct, frozen=True):
    """On what, of what, and how a run was taken."""

    began_at: str
    commit: str
    """With `+` where the tree had changes; empty: not known."""
    machine: dict[str, str]
    versions: dict[str, str]
    settings: dict[str, str]
    """Variables RATER_... that were set, but for secrets."""
    command: str
    """To do it again."""
    seed: int


class Charging(msgspec.Struct, frozen=True):
    """One worker on CDRs that are there before it starts."""

    cdrs: int
    cdrs_per_s: float
    cpu_us_per_cdr: float
    broker_cpu_us_per_cdr: float
    counted_cdrs: int
    """Of the middle of the run, in which all partitions are at work."""
    counted_s: float
    disk_bytes: dict[str, int]
    """By topic: what lies on the disk of the broker after it; without a broker of its own: nothing."""
    samples: list[Sample]


class Money(msgspec.Struct, frozen=True):
    """What was found of the money."""

    error_micros: int
    tenants: int
    tenants_with_error: int
    entries: int
    outcomes: dict[str, int]
    problems: list[str]
    """The first of what is not as the load must lead to."""
    is_reconciled: bool


class Latency(msgspec.Struct, frozen=True):
    """From when a call was due, by a schedule that nothing holds up."""

    results: dict[str, Any]
    """As `python -m loadtest.latency` says them."""
    measured_from_s: float
    """When the warm-up was over, seconds since 1970 UTC."""
    timings: list[Timing]
    samples: list[Sample]


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it."""

    format: int
    circumstances: Circumstances
    load: dict[str, Any]
    """Each knob of the traffic that was charged."""
    charging: Charging
    money: Money
    latency: Latency | None

    @property
    def is_good(self) -> bool:
        """Whether the money is right and what was measured is valid, fast or not."""
        money = self.money
        is_valid = self.latency is None or bool(self.latency.results["valid"])
        return not money.problems and money.is_reconciled and is_valid


def read(path: Path) -> Run:
    """Read a run; RecordError where it is none."""
    return json_file.read(path, Run, FORMAT, RecordError)


def write(run: Run, folder: Path) -> Path:
    """Write a run into its folder; return the file."""
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(json_file.text_of(run))
    except OSError as error:
        raise RecordError(f"{path}: {error.strerror or error}") from error
    return path


def line_of(run: Run) -> dict[str, Any]:
    """Return what a history keeps of a run."""
    about, found = run.circumstances, run.charging
    latency = None if run.latency is None else run.latency.results
    return {
        "began_at": about.began_at,
        "commit": about.commit,
        "cpu": about.machine.get("cpu", ""),
        "cores": about.machine.get("cores", ""),
        "cdrs": found.cdrs,
        "cdrs_per_s": round(found.cdrs_per_s),
        "cpu_us_per_cdr": round(found.cpu_us_per_cdr, 2),
        "money_error_micros": run.money.error_micros,
        "payment_command_p50_ms": latency and latency["payment_command_ms"]["p50"],
        "payment_command_p99_ms": latency and latency["payment_command_ms"]["p99"],
        "offered_per_s": latency and latency["offered_per_s"],
        "is_good": run.is_good,
        "command": about.command,
    }


def remember(run: Run, history: Path) -> None:
    """Add the line of a run to a history."""
    try:
        history.parent.mkdir(parents=True, exist_ok=True)
        with history.open("ab") as file:
            file.write(msgspec.json.encode(line_of(run)) + b"\n")
    except OSError as error:
        raise RecordError(f"{history}: {error.strerror or error}") from error
