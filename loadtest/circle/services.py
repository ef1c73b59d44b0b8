"""The services of the circle, each a process: charging, recharge, gateway, notifier; and a mail server to send to."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from loadtest.rater_command import CommandError
from loadtest.service import Service, Worker

SINK_TIMEOUT_S = 20.0
CLOCK = "RATER_CLOCK_AHEAD_S"
ALL_MAILS = ("--mails-per-hour", "100000")
"""Each notification is held against its mail: none is held back for a digest."""
SECRETS = {"notifier": {"RATER_WEBHOOK_SECRET": "of a run on this machine alone"}}
_NOT_AGAIN = (0, 2)
"""Exit codes of who was told to stop, and of who could not start."""
NAMES = ("charging", "recharge", "gateway", "notifier")
STOPS_S = {"charging": 45.0, "recharge": 45.0, "gateway": 45.0, "notifier": 90.0}
"""How long each may take to stop, as in deploy/systemd: its broker may be away, and be waited for."""


@dataclass(frozen=True, slots=True)
class Circle:
    """What runs, and where the two outside records are: the provider's book and the mail server's mailbox."""

    bootstrap: str
    folder: Path
    services: Mapping[str, Service]
    sink: Service
    ended: list[tuple[str, int]] = field(default_factory=list)
    """Services that ended by themselves and were started anew, each with its exit code."""

    @property
    def book(self) -> Path:
        """The simulator's capture book, an SQLite file."""
        return self.folder / "captures.sqlite"

    @property
    def mailbox(self) -> Path:
        """What the mail server got, JSON lines."""
        return self.folder / "mailbox.jsonl"

    def check(self) -> None:
        """Raise CommandError when a process has ended that should not have."""
        for service in (*self.services.values(), self.sink):
            service.check()

    def supervise(self) -> None:
        """Start anew what has ended by itself, but for what a supervisor leaves alone: that is a CommandError."""
        self.sink.check()
        for name, service in self.services.items():
            if (code := service.code) is not None:
                if code in _NOT_AGAIN:
                    service.check()
                self.ended.append((name, code))
                service.start()

    def set_clock(self, ahead_s: int) -> None:
        """Let services that are started from now on believe that it is later."""
        for service in self.services.values():
            service.environment[CLOCK] = str(ahead_s)

    def restart(self, name: str, *, in_order: bool = False) -> None:
        """Kill a service as a crash would, or stop it as an update does, and start it anew."""
        service = self.services[name]
        if in_order:
            service.stop()
        else:
            service.kill()
        service.start()


@contextmanager
def circle(
    bootstrap: str,
    folder: Path,
    *,
    session_timeout_s: float = 10.0,
    metrics_ports: Mapping[str, int] = MappingProxyType({}),
    notifier: tuple[str, ...] = (),
) -> Iterator[Circle]:
    """Run all services for as long as the context lasts; they end in order, or at once after a failure.

    Metrics are on a free port, unless `metrics_ports` has one for the service. `notifier`: more options of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ports = {name: metrics_ports.get(name, 0) for name in NAMES}
    common = ("--broker", bootstrap)
    session = ("--session-timeout", str(session_timeout_s))
    with ExitStack() as stack:
        sink = stack.enter_context(_sink(folder))
        smtp = ("--smtp-host", "127.0.0.1", "--smtp-port", str(_port(sink)), "--smtp-tls", "none")
        arguments = {
            "recharge": ("worker", "recharge", *common, *session),
            "gateway": (
                *("gateway", "--provider", "simulator"),
                *("--book", str(folder / "captures.sqlite"), *common, *session),
            ),
            "notifier": (
                *("notifier", *smtp, "--retry-first", "0.5", *ALL_MAILS),
                *(*notifier, *common, *session),
            ),
        }
        services: dict[str, Service] = {
            "charging": Worker(
                bootstrap, folder / "charging.log", *session, metrics_port=ports["charging"]
            ),
            **{
                name: Service(
                    f"rater {name}",
                    "rater",
                    (*words, "--metrics-port", str(ports[name])),
                    folder / f"{name}.log",
                    SECRETS.get(name),
                )
                for name, words in arguments.items()
            },
        }
        for name, service in services.items():
            service.stop_timeout_s = STOPS_S[name]
            stack.enter_context(service)
        yield Circle(bootstrap, folder, services, sink)


def _sink(folder: Path) -> Service:
    arguments = ("--port", "0", "--mailbox", str(folder / "mailbox.jsonl"))
    return Service("the mail server", "loadtest.smtp_sink", arguments, folder / "sink.log")


def _port(sink: Service) -> int:
    """Wait for the port that the sink prints."""
    deadline = time.monotonic() + SINK_TIMEOUT_S
    while time.monotonic() < deadline:
        sink.check()
        words = sink.last_lines().split()
        numbers = [word for word in words if word.isdigit()]
        if numbers:
            return int(numbers[0])
        time.sleep(0.05)
    raise CommandError(f"the mail server did not say its port in {SINK_TIMEOUT_S:.0f} s")
