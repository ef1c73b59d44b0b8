"""The broker of a run: that of RATER_BROKER, or one of our own, started fresh and removed after.

One of our own may be secured: TLS, a login for each role, and the rights of `rater topics acls` alone.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from loadtest import logins
from loadtest.rater_command import CommandError, run
from topics.roles import OPERATOR

ROOT = Path(__file__).resolve().parents[1]
_BROKER = ROOT / "deploy" / "kafka" / "broker.py"
_ORPHANS = ROOT / "deploy" / "kafka" / "orphans.py"
_BUILD = ROOT / "deploy" / "kafka" / "build.py"


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """A broker that answers; `own` says that it was started for this run and is empty."""

    bootstrap: str
    own: bool
    pid: int | None = None
    """Its process, to be asked for its CPU; None when it is not ours."""
    data: Path | None = None
    """Where its partitions lie; None when it is not ours."""

    def disk_bytes(self) -> dict[str, int]:
        """Return how much lies on its disk, by topic, indexes left out; nothing when it is not ours."""
        found: dict[str, int] = {}
        for segment in self.data.glob("*-*/*.log") if self.data else ():
            topic = segment.parent.name.rpartition("-")[0]
            found[topic] = found.get(topic, 0) + segment.stat().st_size
        return found


@contextmanager
def running_broker(purpose: str, *, secure: bool = False) -> Iterator[RunningBroker]:
    """Give a broker for as long as the context lasts; with its logins, where it is a secured one.

    Where RATER_BROKER names one, it is used and left alone. Else an instance of this process is
    started on a free port, and removed with its data in the end, whatever happens. It cannot be
    had: CommandError with what the tool said.
    """
    chosen = os.environ.get("RATER_BROKER")
    if chosen:
        if secure and logins.folder() is None:
            raise CommandError(
                f"RATER_BROKER names a broker: {logins.FOLDER} must say where its logins lie, a ROLE.env for each role"
            )
        _run("up")
        yield RunningBroker(chosen, own=False)
        return
    _tool(_ORPHANS, purpose)
    instance = f"{purpose}-{os.getpid()}"
    try:
        address = _secured(instance) if secure else _up(instance)
        folder = ROOT / ".kafka" / instance
        state = json.loads((folder / "broker.json").read_text())
        with logins.lying_in(folder / "secured") if secure else nullcontext():
            yield RunningBroker(address, own=True, pid=state["pid"], data=Path(state["data"]))
    finally:
        _run("remove", "--instance", instance)


def java_folder(project: Path) -> Path:
    """Build a Java program of ours, unless it is built; return the folder of its jars."""
    return Path(_tool(_BUILD, str(project)))


def _up(instance: str, *options: str) -> str:
    """Start an instance on a free port; return its address."""
    return _run("up", "--port", "0", "--instance", instance, *options)


def _secured(instance: str) -> str:
    """Start a secured one."""
    with tempfile.TemporaryDirectory(prefix="rater-acls-") as folder:
        rules = Path(folder) / "acls.json"
        rules.write_text(run("topics", "acls", "--format", "json").text)
        return _up(instance, "--acls", str(rules))


def _run(*arguments: str) -> str:
    """Run the broker tool; return what it printed."""
    return _tool(_BROKER, *arguments)


def _tool(tool: Path, *arguments: str) -> str:
    """Run a tool in a session that Ctrl-C spares; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-B", str(tool), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=logins.environment(OPERATOR),
        start_new_session=True,
    )
    if done.returncode:
        raise CommandError(f"{tool.name} {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()
