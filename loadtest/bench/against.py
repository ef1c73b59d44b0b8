"""Against another commit: pairs of runs by turns, each commit in a clone and an environment of its own.

What two commits have in common is the command line of the benchmarks, and the names in their JSON:
`python -m tests.bench_core` and `python -m loadtest.bench`. Nothing else of the other one is known.
"""

import shutil
import subprocess
from functools import partial
from pathlib import Path

from loadtest.bench.modules import Results, results_of
from loadtest.bench.pairs import CORE, WORKER, by_turns, tell
from loadtest.bench.setting import circumstances
from loadtest.broker import ROOT
from loadtest.plan import Plan
from loadtest.progress import say
from loadtest.rater_command import CommandError

HOME = ROOT / ".kafka" / "against"
"""A clone for each commit, kept until `make clean`."""
_SHORTER = "--worker-only"
_MADE = ".venv/compiled"


def measure(plan: Plan, revision: str, pairs: int, *, core_only: bool) -> Results:
    """Run the pairs; return each figure's ratio, this working tree to that commit."""
    commit = _git("rev-parse", "--verify", f"{revision}^{{commit}}")
    subject = _git("log", "-1", "--format=%h %s", commit)
    say(f"this working tree against {subject}")
    clone = _clone(commit)
    size = ("--cdrs", plan.cdrs, "--tenants", plan.tenants, "--seed", plan.seed)
    words = tuple(map(str, size))
    said = _help(clone)
    words += _known(plan, said, subject)
    say(f"1. the core, {pairs} pairs: this, that, ratio")
    core = partial(_run, "tests.bench_core", words)
    ratios = by_turns(pairs, partial(core, ROOT), partial(core, clone), CORE)
    if not core_only:
        # Both sides do the same before the worker is measured, so that its broker is as warm.
        words = (*words, _SHORTER) if _SHORTER in said else words
        say(f"2. one worker on real Kafka, {pairs} pairs: this, that, ratio")
        worker = partial(_run, "loadtest.bench", words)
        ratios |= by_turns(pairs, partial(worker, ROOT), partial(worker, clone), WORKER)
    say(f"ratios, this to {subject}")
    tell(ratios)
    return {"against": commit, "pairs": pairs, "ratios": ratios, **circumstances(plan)}


def _known(plan: Plan, said: str, subject: str) -> tuple[str, ...]:
    """Return the options beyond the size of a plan; one that a commit's help does not say is a CommandError."""
    words: tuple[str, ...] = ()
    for option, value, default in (
        ("--plans", plan.plans, "none"),
        ("--users", plan.users, 0),
        ("--post-paid", plan.post_paid, 0.0),
    ):
        if value == default:
            continue
        if option not in said:
            raise CommandError(f"{subject} knows no {option}: compare without it")
        words += (option, str(value))
    return words


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
