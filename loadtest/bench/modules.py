"""Modules that measure by themselves: each runs in a process of its own and prints JSON last."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from loadtest import stage
from loadtest.broker import ROOT
from loadtest.rater_command import CommandError

_TIMEOUT_S = 1_800.0

Results = dict[str, Any]


def results_of(
    module: str, *arguments: str, root: Path = ROOT, python: str = sys.executable
) -> Results:
    """Run a module of a clone of the project; return the JSON of its last line.

    Another exit code than 0 is a CommandError with what it said last.
    """
    done = subprocess.run(
        [python, "-m", module, *arguments],
        cwd=root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        said = "\n".join([*done.stdout.splitlines()[-5:], *done.stderr.splitlines()[-20:]])
        raise CommandError(f"{module}: exit code {done.returncode}\n{said}")
    results: Results = json.loads(stage.last_line(done.stdout))
    return results
