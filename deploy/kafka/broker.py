"""Apache Kafka for development, tests and the demo: fetch, format, start, stop, kill; one node or several.

Everything it writes lies in the git-ignored folder .kafka/ of the repository:

    .kafka/jars/                  Apache Kafka, fetched once with Maven, shared by all instances
    .kafka/formatted/             a data folder as Kafka's own tool formats it, copied to new instances
    .kafka/classes/               the classes of a short-lived broker, loaded (deploy/kafka/class_archive.py)
    .kafka/INSTANCE/data/         the log directory, unless --data says another
    .kafka/INSTANCE/logs/         server.log, and console.log for what the JVM itself says
    .kafka/INSTANCE/broker.json   pid, port, data folder and log of the broker started last
    .kafka/INSTANCE/secured/      certificates and passwords of a secured one (deploy/kafka/secured.py)

Several that are one Kafka are instances of their own (deploy/kafka/cluster.py).

The command line prints the address, `host:port`, alone on standard output, and what it does on
standard error. Programs use the class: `with Broker("mine") as broker: broker.bootstrap`.
Where RATER_BROKER is set, `up` starts nothing and points there. Standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

ROOT = Path(__file__).resolve().parents[2]
if not __package__:
    # Run as a script: Python has put this folder on the path, not the repository.
    sys.path[0] = str(ROOT)

from deploy.kafka.address import HOST, answers, free_ports, is_free, live_nodes  # noqa: E402
from deploy.kafka.class_archive import archive_options  # noqa: E402
from deploy.kafka.data_folder import format_once, new_id, settings_text  # noqa: E402
from deploy.kafka.distribution import SHORT_LIVED, BrokerError, fetch, java  # noqa: E402
from deploy.kafka.membership import HEAP, Membership  # noqa: E402
from deploy.kafka.process import command_line, has_ended, within  # noqa: E402
from deploy.kafka.secured import Secured  # noqa: E402

if TYPE_CHECKING:
    from deploy.kafka.secured import Access

HOME: Path = ROOT / ".kafka"
START_TIMEOUT_S = 120.0
"""Three that start at once after a crash, on a machine that is busy, take more than one."""
STOP_TIMEOUT_S = 30.0
LOG_TAIL_LINES = 20
RESERVED = {"jars", "m2", "formatted", "classes"}

__all__ = ["Broker", "BrokerError", "answers"]


class Broker:
    """One broker process and its data; another object of the same name sees the same broker.

    `port` 0 means the port of last time if it is free at the start, else any free one; restart() keeps it.
    The data survive stop() and kill(); remove() deletes them. One that is `short_lived` spends less
    on becoming fast.
    """

    def __init__(  # noqa: PLR0913
        self,
        instance: str = "dev",
        *,
        port: int = 0,
        data: Path | None = None,
        home: Path = HOME,
        short_lived: bool = False,
        access: Access | None = None,
        member: Membership | None = None,
    ) -> None:
        """Name the instance; nothing is written or started yet. With `access` it is a secured one.

        One that has been a member of a cluster is it again.
        """
        if not instance.replace("-", "").isalnum() or instance in RESERVED:
            raise BrokerError(f"instance {instance!r}: letters, digits and dashes only")
        self.home = home
        self.short_lived = short_lived
        self.options: tuple[str, ...] = SHORT_LIVED if short_lived else ()
        self.folder = home / instance
        self.log = self.folder / "logs" / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        state = self._state()
        self.member = member or Membership.read(state.get("member"))
        if self.member is not None:
            self.options = (*self.options, *HEAP)
        self.secured = None
        if access is not None:
            self.secured = Secured(access.folder or self.folder / "secured", access)
        if self.secured is not None:
            self.options = (*self.options, *self.secured.access.options)
            self.secured.certificates_port = int(state.get("certificates_port", 0))
        self.data = (data or Path(state.get("data", self.folder / "data"))).absolute()
        last = int(state.get("port", 0))
        self.port = last if self.pid or not port else port
        self._keeps_port = bool(port)

    def __enter__(self) -> Self:
        """Start the broker."""
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop the broker; its data stay."""
        self.stop()

    @property
    def bootstrap(self) -> str:
        """The address for clients, `host:port`; port 0 as long as none has been chosen."""
        return f"{HOST}:{self.port}"

    @property
    def node(self) -> int:
        """The number of its node."""
        return self.member.node if self.member else 1

    @property
    def pid(self) -> int | None:
        """The broker's process id; None when it does not run."""
        pid = int(self._state().get("pid", 0))
        if self._process is not None and self._process.pid == pid:
            return pid if self._process.poll() is None else None
        # The number may have been given to another process since: ours names its own settings.
        own = str(self.folder / "server.properties")
        return pid if pid and own in command_line(pid) else None

    def start(self) -> str:
        """Start the broker, wait until it answers, and return its address.

        A running one is left alone. Data that are there are used, also after a crash; an empty
        folder is formatted first. Raises BrokerError with the end of the log if it cannot start.
        """
        self.begin()
        return self.served()

    def begin(self) -> None:
        """Start the process, if it does not run, and do not wait."""
        if self.pid is None:
            jars = fetch(self.home, say)
            settings = self._write_settings()
            cluster_id = self.member.cluster_id if self.member else new_id()
            format_once(self.data, self.home, jars, self.node, cluster_id)
            self._launch(jars, settings)

    def served(self) -> str:
        """Wait until it answers, make its users where it is a secured one, and return its address."""
        self._wait_until_it_answers()
        if self.secured is not None:
            self.secured.set_up(self.port)
        return self.bootstrap

    def stop(self) -> None:
        """End the broker in order (SIGTERM), after 30 s by force; do nothing when it is down."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the broker as a crash would (SIGKILL); its data stay for the next start."""
        self._end(signal.SIGKILL)

    def restart(self) -> str:
        """Start again with the same data and port; stop in order first if it runs."""
        self.stop()
        return self.start()

    def remove(self) -> None:
        """Kill the broker and delete all that belongs to the instance; BrokerError when that cannot be done."""
        self.kill()
        if not within(STOP_TIMEOUT_S, self._is_deleted):
            raise BrokerError(f"cannot be deleted: {self.data}, {self.folder}")

    def _is_deleted(self) -> bool:
        """Delete what is there; say whether nothing is left. Threads of a killed JVM may write for a moment more."""
        for folder in (self.data, self.folder):
            shutil.rmtree(folder, ignore_errors=True)
        return not (self.data.exists() or self.folder.exists())

    def _state(self) -> dict[str, Any]:
        """Read broker.json; empty before the first start."""
        try:
            state: dict[str, Any] = json.loads((self.folder / "broker.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return state

    def _write_settings(self) -> Path:
        """Choose the ports and fill in server.properties.in for this instance."""
        spare, controller_port = free_ports(2)
        controller_port = self.member.controller_port if self.member else controller_port
        if not (self._keeps_port or (self.port and is_free(self.port))):
            self.port = spare
        self._keeps_port = True
        if not is_free(self.port):
            raise BrokerError(
                f"port {self.port}: something listens there; give another (--port 0 takes a free "
                f"one), or set RATER_BROKER={self.bootstrap} if that is the Kafka to use"
            )
        for folder in (self.folder / "logs", self.folder / "tmp", self.data):
            folder.mkdir(parents=True, exist_ok=True)
        ports = {"port": self.port, "controller_port": controller_port}
        settings = self.folder / "server.properties"
        more = f"\n{self.member.settings()}" if self.member else ""
        settings.write_text(settings_text(self.data, **ports) + more)
        if self.secured is not None:
            self.secured.prepare(settings, **ports)
        return settings

    def _answers(self) -> bool:
        """Say whether it names itself among the living: others may be alive before it is."""
        named = live_nodes(self.bootstrap) if self.secured is None else self.secured.live_nodes()
        return self.node in named

    def _launch(self, jars: Path, settings: Path) -> None:
        """Start the JVM in a session of its own, so that Ctrl-C at the terminal spares it."""
        archive = archive_options(self.home, jars) if self.short_lived else ()
        options = (*self.options, *archive)
        with (self.folder / "logs" / "console.log").open("wb") as console:
            self._process = subprocess.Popen(
                java(jars, self.folder, "kafka.Kafka", str(settings), options=options),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        state: dict[str, Any] = {"pid": self._process.pid, "port": self.port}
        if self.member is not None:
            state["member"] = self.member.kept()
        if self.secured is not None:
            state["certificates_port"] = self.secured.certificates_port
        paths = {"data": str(self.data), "log": str(self.log)}
        (self.folder / "broker.json").write_text(json.dumps(state | paths) + "\n")

    def _wait_until_it_answers(self) -> None:
        """Return when clients are served; raise BrokerError when it dies or takes too long."""
        if not within(START_TIMEOUT_S, lambda: self.pid is None or self._answers()):
            self.kill()
            late = f"no answer on {self.bootstrap} in {START_TIMEOUT_S:.0f} s"
            raise BrokerError(f"{late}:\n{self._last_lines()}")
        if self.pid is None:
            raise BrokerError(f"the broker ended while starting:\n{self._last_lines()}")

    def _last_lines(self) -> str:
        """Read the ends of both logs, for an error message."""
        lines: list[str] = []
        for log in (self.log, self.folder / "logs" / "console.log"):
            if log.is_file():
                lines += log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return "\n".join(lines)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this broker alone, if it runs."""
        if (pid := self.pid) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _end(self, how: signal.Signals) -> None:
        """Send the signal and wait until it is gone."""
        pid = self.pid
        if pid is None:
            return
        for attempt in (how, signal.SIGKILL):
            self.send(attempt)
            if within(STOP_TIMEOUT_S, lambda: self.pid is None and has_ended(pid)):
                return
        raise BrokerError(f"process {pid} does not end")


def instances(home: Path = HOME) -> list[Broker]:
    """Every broker that was ever started under `home`, running or not."""
    return [Broker(state.parent.name, home=home) for state in sorted(home.glob("*/broker.json"))]


def say(text: str) -> None:
    """Tell the person at the terminal what is being done."""
    print(f"kafka: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    from deploy.kafka.commands import main

    sys.exit(main())
