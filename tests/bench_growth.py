"""Growth: what a CDR costs in the core when decks, tenants, lots, memories and the users of a tenant grow.

`python -m tests.bench_growth` is what `make bench-growth` runs, and with --users `make bench-users`: one tenant that
has so many users, with plans, pools of their own, limits, and statuses that are due each second. Each case differs from
the first in one thing and lives in a process of its own; all are set up first, then charge by turns, round by round, so
that they share the noise of the machine. Printed are the medians of the rounds, and each case relative to the first of
the same round. One JSON line last; exit code 1 when money is wrong.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

import numpy as np

from loadtest import oracle
from loadtest.generate import Workload
from loadtest.plan import Plan, Plans
from rater.batch.charging.charge_index import make_entries
from rater.shell.process.hot_path import is_compiled
from tests.bench_core import SAMPLE_DECK, CoreRun, percentile_20
from topics.manifests import IdState

if TYPE_CHECKING:
    from collections.abc import Sequence


ROOT = Path(__file__).resolve().parents[1]
BASE = "base"
CHUNK = 40_000
"""CDRs of a round, unless given; with eight partitions a full batch of each."""
_LOAD = 40_000
_DAY_MS = 86_400_000
_ROUNDS = 5
_ACCOUNTS_MIN = 100_000
_BUSY = 1_000
"""CDRs of a second of the stream, of one tenant with many users: most of its calls owe their user a status."""
_UINT64_MAX = (1 << 64) - 1
_TAILS = (*(str(one) for one in range(10)), *(f"{two:02}" for two in range(0, 100, 5)), "99")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the core has to carry."""

    larger_deck: bool = False
    tenants: int = 1_000
    lots: int = 1
    ids: int = 100_000
    plans: Plans = "none"
    users: int = 0
    cdrs_a_second: int = 0
    """Of the stream's time; 0: it stands still, and each status goes out once."""


def one_tenant(users: int) -> Case:
    """Return the case of one tenant with plans, which has so many users."""
    return Case(tenants=1, plans="drawn", users=users, cdrs_a_second=_BUSY)


CASES = {
    BASE: Case(),
    "prefixes 193 k": Case(larger_deck=True),
    "tenants 20 k": Case(tenants=20_000),
    "tenants 1 M": Case(tenants=1_000_000),
    "lots 5": Case(lots=5),
    "lots 20": Case(lots=20),
    "ids 10 M": Case(ids=10_000_000),
    "plans drawn": Case(plans="drawn"),
}
USERS = {
    "users 1": one_tenant(1),
    "users 0": one_tenant(0),
    "users 1 k": one_tenant(1_000),
    "users 20 k": one_tenant(20_000),
}
"""The first is what the others are relative to."""
ALL = CASES | USERS


class GrowthRun(CoreRun):
    """A run that keeps no entries of commands: a million accounts would fill the memory."""

    opening = True

    def _keep_entries(self, values: list[bytes]) -> None:
        if not self.opening:
            super()._keep_entries(values)


def larger_deck(folder: Path) -> Path:
    """Write the sample deck with 31 longer prefixes under each row; return the file."""
    header, *rows = SAMPLE_DECK.read_text().splitlines()
    lines = {tuple(row.split(",", 2)[:2]): row for row in rows}
    for row in rows:
        prefix, direction, rest = row.split(",", 2)
        for tail in _TAILS:
            longer = f"{prefix}{tail}"
            lines.setdefault((longer, direction), f"{longer},{direction},{rest}")
    file = folder / "larger.csv"
    file.write_text("\n".join([header, *lines.values()]) + "\n")
    return file


def resident_bytes() -> int:
    """Return how much memory this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def remember(run: CoreRun, count: int) -> float:
    """Let the partitions remember so many CDRs; return the bytes of one."""
    random = np.random.default_rng(1)
    day = run.at_ms // _DAY_MS
    each = count // len(run.shards)
    for shard in run.shards:
        index = shard.batches.index
        index.advance(day)
        hashes = random.integers(0, _UINT64_MAX, (each, 2), np.uint64, endpoint=True)
        entries = make_entries(hashes, content=1, place=1, state=min(IdState), day=day)
        for first in range(0, each, _LOAD):
            index.remember(entries[first : first + _LOAD])
    used = sum(shard.batches.index.bytes_used for shard in run.shards)
    return used / sum(len(shard.batches.index) for shard in run.shards)


def serve(name: str, rounds: int, chunk: int) -> None:
    """Set a case up; then charge a chunk for each line that comes in, and say what it cost."""
    case = ALL[name]
    plan = Plan(
        start_ms=time.time_ns() // 1_000_000,
        tenants=case.tenants,
        cdrs=(rounds + 1) * chunk,
        lots_min=case.lots,
        lots_max=case.lots,
        plans=case.plans,
        users=case.users,
    )
    with tempfile.TemporaryDirectory() as folder:
        deck = larger_deck(Path(folder)) if case.larger_deck else SAMPLE_DECK
        workload = Workload(plan, deck)
        run = GrowthRun(plan, workload.partitions, deck)
    gc.collect()
    before = resident_bytes()
    run.open_accounts(workload.commands())
    grown = resident_bytes() - before
    # Of few accounts the rest of the process is the greater part.
    account_bytes = round(grown / case.tenants) if case.tenants >= _ACCOUNTS_MIN else None
    run.opening = False
    id_bytes = remember(run, case.ids)
    run.cdrs_a_second = case.cdrs_a_second
    cdrs = list(workload.cdrs())
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)
    run.charge(cdrs[:chunk])
    _say({"account_bytes": account_bytes, "id_bytes": round(id_bytes, 1)})
    for number in range(1, rounds + 1):
        if not sys.stdin.readline():
            return  # Whoever asked has gone.
        run.stage_s = dict.fromkeys(run.stage_s, 0.0)
        run.batches_us.clear()
        count = run.charge(cdrs[number * chunk : (number + 1) * chunk])
        spent_us = sum(run.stage_s.values()) * 1e6
        _say({"mean": spent_us / count, "p20": percentile_20(run.batches_us)})
    if sys.stdin.readline():
        row_bytes = round(fmean(map(len, run.rows())), 1) if case.users else None
        _say({"problems": problems(run, workload), "row_bytes": row_bytes})


def problems(run: CoreRun, workload: Workload) -> list[str]:
    """Name what was charged otherwise than the plan implies."""
    wrong = oracle.compare_outcomes(run.outcomes, workload.expected)
    # What opened the lots was not kept: each begins at nothing here.
    folds: defaultdict[str, oracle.Fold] = defaultdict(lambda: oracle.Fold(lots=Counter()))
    for entry in map(json.loads, run.ledger()):
        folds[entry["tenant_id"]].post(entry)
    expected = workload.expected
    for name in sorted(folds.keys() | expected.charged_micros.keys()):
        found = folds[name]
        for what, is_, must in (
            ("charged", found.charged_micros, expected.charged_micros[name]),
            ("waived", found.waived_micros, expected.waived_micros[name]),
            ("used_s", found.used_s, expected.used_s.get(name, Counter())),
        ):
            if is_ != must:
                wrong.append(f"{name}: {what}: {oracle.told(is_, must)}")
    return (wrong + run.problems_of_users(expected))[:5]


def _say(results: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(results) + "\n")
    sys.stdout.flush()


class Served:
    """A case in a process of its own."""

    def __init__(self, name: str, rounds: int, chunk: int, stack: ExitStack) -> None:
        """Start it; `stack` ends it."""
        self.name = name
        command = [sys.executable, "-m", "tests.bench_growth", "--serve", name]
        self._process = stack.enter_context(
            subprocess.Popen(
                [*command, "--rounds", str(rounds), "--cdrs", str(chunk)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(self._process.kill)

    def hear(self) -> dict[str, Any]:
        """Return what it says next."""
        assert self._process.stdout is not None
        heard: dict[str, Any] = json.loads(self._process.stdout.readline())
        return heard

    def ask(self) -> dict[str, Any]:
        """Let it do its next piece of work; return what it says."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self.hear()


def measure(names: Sequence[str], rounds: int, chunk: int) -> dict[str, Any]:
    """Set the cases up, let them charge by turns, and return the table, relative to the first of them."""
    with ExitStack() as stack:
        cases = [Served(name, rounds, chunk, stack) for name in names]
        memory = {case.name: case.hear() for case in cases}
        asked = [{case.name: case.ask() for case in cases} for _ in range(rounds)]
        ended = {case.name: case.ask() for case in cases}
    wrong = {name: each["problems"] for name, each in ended.items()}
    table = {}
    for name in names:
        relative = [each[name]["mean"] / each[names[0]]["mean"] for each in asked]
        table[name] = {
            "us": round(median(each[name]["mean"] for each in asked), 2),
            "p20_us": round(median(each[name]["p20"] for each in asked), 2),
            "to_base": round(median(relative), 3),
            "to_base_mean": round(fmean(relative), 3),
            **memory[name],
            "row_bytes": ended[name]["row_bytes"],
        }
    return {
        "cases": table,
        "rounds": rounds,
        "compiled": is_compiled(),
        "money_ok": not any(wrong.values()),
        "problems": {name: what for name, what in wrong.items() if what},
    }


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_growth", description=__doc__)
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    parser.add_argument("--cases", nargs="+", choices=ALL, metavar="CASE", help=", ".join(ALL))
    parser.add_argument("--users", action="store_true", help="the cases of one tenant with users")
    parser.add_argument("--cdrs", type=int, default=CHUNK, help="of a round")
    parser.add_argument("--serve", choices=ALL, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve, asked.rounds, asked.cdrs)
        return 0
    known = USERS if asked.users else CASES
    names = list(dict.fromkeys([next(iter(known)), *(asked.cases or known)]))
    results = measure(names, asked.rounds, asked.cdrs)
    print(
        f"{'case':<16}{'us':>8}{'p20':>8}{'to first':>9}{'B/account':>11}{'B/id':>7}{'B/user':>8}"
    )
    for name, row in results["cases"].items():
        cells = f"{row['us']:>8}{row['p20_us']:>8}{row['to_base']:>9}"
        memory = f"{row['account_bytes'] or '':>11}{row['id_bytes']:>7}{row['row_bytes'] or '':>8}"
        print(f"{name:<16}{cells}{memory}")
    print(json.dumps(results))
    return 0 if results["money_ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
