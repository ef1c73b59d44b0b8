"""Circumstances: the machine, the versions and the settings that a run is taken with."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from loadtest.broker import ROOT
from loadtest.runs.record import Circumstances

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PACKAGES = ("faust-streaming", "aiokafka", "msgspec", "orjson", "numpy", "uvloop")
_SECRET = ("PASSWORD", "SECRET", "KEY", "TOKEN")
_GIB = 1 << 30


def circumstances(words: Sequence[str], seed: int) -> Circumstances:
    """Return those of now; `words`: the command, behind the name of the program."""
    return Circumstances(
        began_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        commit=_commit(),
        machine=_machine(),
        versions=_versions(),
        settings=settings_of(os.environ),
        command=shlex.join(["loadtest", *words]),
        seed=seed,
    )


def settings_of(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of rater, without what may be secret: of those the value is not told."""
    return {
        name: "(not told)" if any(word in name for word in _SECRET) else value
        for name, value in sorted(variables.items())
        if name.startswith("RATER_")
    }


def _commit() -> str:
    if (git := shutil.which("git")) is None:
        return ""

    def said(*words: str) -> str:
        done = subprocess.run([git, *words], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    commit = said("rev-parse", "--short=12", "HEAD")
    return f"{commit}+" if commit and said("status", "--porcelain") else commit


def _machine() -> dict[str, str]:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": _cpu(),
        "cores": str(os.cpu_count() or ""),
        "memory": f"{pages / _GIB:.1f} GiB",
        "system": platform.platform(),
        "load before": f"{os.getloadavg()[0]:.2f}",
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("rater", *_PACKAGES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    hot = list((ROOT / "rater").glob("hot_path__mypyc*"))
    found["hot path"] = (
        "compiled" if hot and sys.implementation.name == "cpython" else "interpreted"
    )
    return found
