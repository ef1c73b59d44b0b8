"""Against another commit: pairs of runs by turns, each commit in a clone and an environment of its own.

What two commits have in common is the command line of the benchmarks, and the names in their JSON:
`python -m tests.bench_core` and `python -m loadtest.bench`. Nothing else of the other one is known.
"""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from loadtest.bench.modules import Results, results_of
from loadtest.bench.ratios import ratio
from loadtest.bench.setting import circumstances
from loadtest.broker import ROOT
from loadtest.plan import Plan
from loadtest.progress import say
from loadtest.rater_command import CommandError

HOME = ROOT / ".kafka" / "against"
"""A clone for each commit, kept until `make clean`."""
_CORE = ("core_us_per_cdr",)
_WORKER = ("worker_cdrs_per_s", "worker_cpu_us_per_cdr")
_SHORTER = "--worker-only"
_MADE = ".venv/compiled"

Run = Callable[[Path], Results]


def measure(plan: Plan, revision: str, pairs: int, *, core_only: bool) -> Results:
    """Run the pairs; return each figure's ratio, this working tree to that commit."""
    commit = _git("rev-parse", "--verify", f"{revision}^{{commit}}")
    subject = _git("log", "-1", "--format=%h %s", commit)
    say(f"this working tree against {subject}")
    clone = _clone(commit)
    size = ("--cdrs", plan.cdrs, "--tenants", plan.tenants, "--seed", plan.seed)
    words = tuple(map(str, size))
    say(f"1. the core, {pairs} pairs: this, that, ratio")
    ratios = _pairs(pairs, clone, partial(_run, "tests.bench_core", words), _CORE)
    if not core_only:
        # Both sides do the same before the worker is measured, so that its broker is as warm.
        shorter = all(_SHORTER in _help(root) for root in (ROOT, clone))
        words = (*words, _SHORTER) if shorter else words
        say(f"2. one worker on real Kafka, {pairs} pairs: this, that, ratio")
        ratios |= _pairs(pairs, clone, partial(_run, "loadtest.bench", words), _WORKER)
    say(f"ratios, this to {subject}")
    for name, found in ratios.items():
        say(f"   {name:<24} {found['median']}, 95 % interval {found['low']} to {found['high']}")
    return {"against": commit, "pairs": pairs, "ratios": ratios, **circumstances(plan)}


def _pairs(pairs: int, clone: Path, run: Run, names: tuple[str, ...]) -> Results:
    """Run both by turns, each first as often as the other; return the ratio of each figure."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for number in range(pairs):
        order = (ROOT, clone) if number % 2 == 0 else (clone, ROOT)
        results = {root: run(root) for root in order}
        this, that = results[ROOT], results[clone]
        for name in names:
            found[name].append((this[name], that[name]))
            each = f"{this[name]:>10,} {that[name]:>10,} {this[name] / that[name]:8.3f}"
            say(f"   pair {number + 1} {name:<24} {each}")
    rounded = {name: asdict(ratio(values)) for name, values in found.items()}
    return {name: {k: round(v, 3) for k, v in each.items()} for name, each in rounded.items()}


def _run(module: str, words: tuple[str, ...], root: Path) -> Results:
    return results_of(module, *words, root=root, python=_python(root))


def _python(root: Path) -> str:
    return str(root / ".venv" / "bin" / "python")


def _help(root: Path) -> str:
    """Return what a clone's benchmark says of its options."""
    command = [_python(root), "-m", "loadtest.bench", "--help"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout


def _clone(commit: str) -> Path:
    """Make the commit's clone and environment, unless they are there; return its folder."""
    clone = HOME / commit[:12]
    if (clone / _MADE).is_file():
        return clone
    say(f"   making {clone} (once; some minutes)")
    shutil.rmtree(clone, ignore_errors=True)
    _git("clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(clone))
    _git("-C", str(clone), "checkout", "--quiet", "--detach", commit)
    jars = ROOT / ".kafka" / "jars"
    if jars.is_dir():
        shutil.copytree(jars, clone / ".kafka" / "jars")
    _done(["make", "-C", str(clone), "dev", "kafka-jars"])
    return clone


def _git(*arguments: str) -> str:
    return _done(["git", "-C", str(ROOT), *arguments])


def _done(command: list[str]) -> str:
    """Run a command; return what it printed. It fails: CommandError."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise CommandError(f"{' '.join(command)}: exit code {done.returncode}\n{said}")
    return done.stdout.strip()
