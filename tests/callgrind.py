"""The core by instructions: what callgrind counts of each compiled function, a CDR, whatever else the machine does.

`python -m tests.callgrind --plans drawn` needs valgrind (`apt-get install valgrind`) and a compiled core. It prints the
functions in which most instructions are spent, with all that they call, and how often each is called.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from loadtest.plan import USERS_HELP, Plan
from tests.bench_core import prepared

_FUNCTION = re.compile(r"(c?)fn=\((\d+)\)(?: (.*))?$")
_COST = re.compile(r"[+\-*\d]\S* (\d+)$")
_COMPILED = "CPyDef_"


@dataclass
class Counts:
    """What a run of callgrind has counted."""

    names: dict[str, str] = field(default_factory=dict)
    alone: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Instructions of a function itself."""
    below: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Instructions of what it calls."""
    calls: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))


def read(path: Path) -> Counts:
    """Read a file of callgrind: a call's cost stands on the line behind the call."""
    counts, function, called, pending = Counts(), "", "", 0
    for line in path.read_text().splitlines():
        if named := _FUNCTION.match(line):
            kind, number, name = named.groups()
            if name:
                counts.names[number] = name
            function, called = (function, number) if kind else (number, called)
        elif line.startswith("calls="):
            pending = int(line[6:].split()[0])
        elif cost := _COST.match(line):
            if pending:
                counts.calls[called] += pending
                counts.below[function] += int(cost[1])
                pending = 0
            else:
                counts.alone[function] += int(cost[1])
    return counts


def table(counts: Counts, cdrs: int, lines: int) -> list[str]:
    """Return the compiled functions that cost most, with what they call: instructions, and calls, a CDR."""
    found = [
        (counts.alone[number] + counts.below[number], number)
        for number, name in counts.names.items()
        if name.startswith(_COMPILED) and "'" not in name
    ]
    return [
        f"{cost / cdrs:9.0f} {counts.alone[number] / cdrs:9.0f} {counts.calls[number] / cdrs:7.2f}  "
        f"{counts.names[number].removeprefix(_COMPILED)}"
        for cost, number in sorted(found, reverse=True)[:lines]
    ]


def charge(plan: Plan, cdrs_a_second: int) -> int:
    """Charge a plan's CDRs, two of three of them counted; return how many were."""
    _, run, cdrs = prepared(plan)
    run.cdrs_a_second = cdrs_a_second
    warm = len(cdrs) // 3
    run.charge(cdrs[:warm])
    _count("on")
    counted = run.charge(cdrs[warm:])
    _count("off")
    return counted


def _count(state: str) -> None:
    command = ["callgrind_control", f"--instr={state}", str(os.getpid())]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> None:
    """Run this module under callgrind and print what it counted."""
    parser = argparse.ArgumentParser(prog="python -m tests.callgrind", description=__doc__)
    parser.add_argument("--cdrs", type=int, default=60_000)
    parser.add_argument("--tenants", type=int, default=1_000)
    parser.add_argument("--plans", choices=("none", "held", "drawn"), default="none")
    parser.add_argument("--users", type=int, default=0, help=USERS_HELP)
    parser.add_argument("--a-second", type=int, default=0, help="CDRs of a second of the stream")
    parser.add_argument("--lines", type=int, default=60)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    plan = Plan(
        start_ms=time.time_ns() // 1_000_000,
        seed=1,
        tenants=asked.tenants,
        cdrs=asked.cdrs,
        plans=asked.plans,
        users=asked.users,
    )
    if asked.inside:
        sys.stdout.write(f"{charge(plan, asked.a_second)}\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--log-file=/dev/null"]
        command = [
            *valgrind,
            f"--callgrind-out-file={out}",
            sys.executable,
            "-m",
            "tests.callgrind",
        ]
        ran = subprocess.run(
            [*command, *sys.argv[1:], "--inside"],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
        counted = int(ran.stdout)
        found = read(out)
        total = sum(found.alone.values()) / counted
        said = f"{counted} CDRs, plans {asked.plans}, users {asked.users}"
        sys.stdout.write(f"{said}: {total:,.0f} instructions a CDR\n")
        sys.stdout.write("with-calls   alone    calls  function\n")
        sys.stdout.write("\n".join(table(found, counted, asked.lines)) + "\n")


if __name__ == "__main__":
    main()
