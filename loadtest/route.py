"""The route: the two workers that a CDR passes on its way to a payment command."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loadtest.broker import RunningBroker
from loadtest.service import Service, Worker


@dataclass(frozen=True, slots=True)
class Workers:
    """Charging and recharge, one process each."""

    charging: Worker
    recharge: Service

    def check(self) -> None:
        """Raise CommandError when one of them has ended."""
        self.charging.check()
        self.recharge.check()

    def pids(self) -> dict[str, int | None]:
        """Return the process of each."""
        return {"charging": self.charging.pid, "recharge": self.recharge.pid}

    def cpu_s(self) -> dict[str, float]:
        """Return the CPU seconds that each, and all that runs on this machine, has used."""
        charging, recharge = self.charging.cpu_s(), self.recharge.cpu_s()
        return {"charging": charging, "recharge": recharge, "machine": machine_cpu_s()}


def machine_cpu_s() -> float:
    """Return the CPU seconds used on this machine by whomever; 0.0 where /proc is missing."""
    try:
        head = Path("/proc/stat").read_text().partition("\n")[0]
    except OSError:
        return 0.0
    user, nice, system, _idle, _waiting, *interrupts = map(int, head.split()[1:8])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def both_workers(broker: RunningBroker) -> Iterator[Workers]:
    """Run both for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="rater-latency-") as name:
        folder = Path(name)
        arguments = ("worker", "recharge", "--broker", broker.bootstrap, "--metrics-port", "0")
        with (
            Worker(broker.bootstrap, folder / "charging.log") as charging,
            Service("rater recharge", "rater", arguments, folder / "recharge.log") as recharge,
        ):
            yield Workers(charging, recharge)
