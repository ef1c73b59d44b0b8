"""Services: programs that go on, their logs in files: started, killed and stopped as an operator would.

Each has a session of its own: Ctrl-C at the terminal reaches us alone, and we stop it in order.
"""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from loadtest import logins
from loadtest.rater_command import LOG_LINES, CommandError, cpu_s
from topics.roles import Role

STOP_TIMEOUT_S = 30.0
"""Of whatever says nothing else."""


class Program:
    """One process of a command. Use it as a context, or start and stop it."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        role: Role | None = None,
    ) -> None:
        """Name it for messages; `environment` goes on top of ours, and of the login of its role."""
        self.name = name
        self.role = role
        self.log = log
        self.environment = dict(environment or {})
        self.stop_timeout_s = STOP_TIMEOUT_S
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; only after start()."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it; after a failure its exit code is of no interest."""
        if kind is None:
            self.stop()
        else:
            with contextlib.suppress(CommandError):
                self.stop()

    def start(self) -> None:
        """Start the process; it is not ready yet."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**logins.environment(self.role), **self.environment},
            )

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs, and before it was started."""
        return None if self._process is None else self._process.poll()

    def twin(self, log: Path) -> "Program":
        """Return another process of the same command, not started, whose metrics are on a free port."""
        command = list(self._command)
        if "--metrics-port" in command:
            command[command.index("--metrics-port") + 1] = "0"
        twin = Program(f"{self.name}'s twin", command, log, self.environment, self.role)
        twin.stop_timeout_s = self.stop_timeout_s
        return twin

    def check(self) -> None:
        """Raise CommandError with the end of its log if it has ended."""
        assert self._process is not None
        if (code := self.code) is not None:
            raise CommandError(f"{self.name} ended with exit code {code}\n{self.last_lines()}")

    def stop(self) -> None:
        """Ask it to finish what it is at and leave; end it by force if it takes longer than it may (`stop_timeout_s`).

        An exit code other than 0, or force, is a CommandError. Do nothing when it does not run.
        """
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(self.stop_timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            message = f"{self.name} did not stop in {self.stop_timeout_s:.0f} s"
            raise CommandError(f"{message}\n{self.last_lines()}") from None
        if code != 0:
            raise CommandError(f"{self.name} stopped with exit code {code}\n{self.last_lines()}")

    def kill(self) -> None:
        """End it as a crash would, and wait until it is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def cpu_s(self) -> float:
        """Return the CPU seconds that it has used, all threads, user and system."""
        return cpu_s(self.pid)

    def last_lines(self) -> str:
        """Return the end of its log."""
        if not self.log.is_file():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES:])


class Service(Program):
    """One process of a module that is run with `python -m`."""

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Name it for messages; `environment` goes on top of ours. One of `rater` logs in as its role."""
        role = logins.role_of(arguments) if module == "rater" else None
        super().__init__(name, [sys.executable, "-m", module, *arguments], log, environment, role)


class Worker(Service):
    """A charging worker."""

    def __init__(self, bootstrap: str, log: Path, *options: str, metrics_port: int = 0) -> None:
        """Name the broker, the log file and more options of `rater worker charging`."""
        at = ("--broker", bootstrap, "--metrics-port", str(metrics_port))
        arguments = ("worker", "charging", *at, *options)
        super().__init__("the worker", "rater", arguments, log)
