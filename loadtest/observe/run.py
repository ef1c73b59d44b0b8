"""Run: all of it at once: broker, services, traffic, monitors and pages; it leaves nothing behind."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtest import stage
from loadtest.broker import running_broker
from loadtest.drive import by_topic, publish_commands
from loadtest.generate import Workload
from loadtest.observe import demand, hooks
from loadtest.observe import ports as listening
from loadtest.observe.monitors import monitors
from loadtest.observe.services import JOBS, prepare, ready, watched
from loadtest.observe.web import RECEIVER, Alert, Received, serving
from loadtest.rater_command import CommandError
from loadtest.service import Program, Service
from loadtest.watch import watching
from topics.catalog import PARTITIONS

POLL_S: Final = 0.2
_OTHERS: Final = ("questions", "prometheus", "alertmanager", "page")


@dataclass(slots=True)
class Run:
    """What runs."""

    page: str
    prometheus: str
    services: dict[str, Service]
    monitors: tuple[Program, Program]
    ports: dict[str, int]
    received: Received
    every_s: int
    tasks: tuple[asyncio.Task[None], ...] = ()
    down: frozenset[str] = frozenset({"canary"})
    """Services that do not run, and are not to."""

    def check(self) -> None:
        """Raise when a process has ended, or traffic has failed, that should not have."""
        for name, service in self.services.items():
            if name not in self.down:
                service.check()
        for monitor in self.monitors:
            monitor.check()
        for task in self.tasks:
            if task.done():
                task.result()

    def kill(self, name: str) -> None:
        """Kill all instances of a service as a crash would."""
        self.down |= {name}
        self.services[name].kill()

    async def start(self, name: str) -> None:
        """Start a service that was killed, and wait until it is ready."""
        self.services[name].start()
        self.down -= {name}
        await ready({name: self.services[name]}, self.ports)

    async def until(self, condition: Callable[[], bool], what: str, timeout_s: float) -> None:
        """Wait for a condition; too late: CommandError."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            self.check()
            if time.monotonic() > deadline:
                raise CommandError(f"{what}: not in {timeout_s:.0f} s")
            await asyncio.sleep(POLL_S)


@asynccontextmanager
async def running(
    folder: Path,
    told: Callable[[Alert], None],
    *,
    every_s: int = 5,
    calls_per_s: int = 200,
    port: int = 0,
) -> AsyncIterator[Run]:
    """Run all of it for as long as the context lasts; files lie in `folder`.

    `told` is called with each alert that is received; Prometheus looks every `every_s` seconds; pages are on `port`
    (0: a free one).
    """
    received = Received(told)
    async with AsyncExitStack() as stack:
        broker = stack.enter_context(running_broker("observe"))
        workload = Workload(demand.plan(), stage.SAMPLE_DECK, PARTITIONS)
        in_force_s = prepare(broker.bootstrap, folder, workload.plan)
        ports = listening.free((*JOBS, *_OTHERS))
        ports["page"] = port or ports["page"]
        prometheus = f"http://{listening.HOST}:{ports['prometheus']}"
        page = await stack.enter_async_context(
            serving(ports["page"], prometheus, every_s, received)
        )
        circle, services = stack.enter_context(watched(broker.bootstrap, folder, ports))
        jobs = {name: ports[name] for name in JOBS}
        started = stack.enter_context(
            monitors(folder, jobs, ports, page.rstrip("/") + RECEIVER, every_s)
        )
        await ready({name: each for name, each in services.items() if name != "canary"}, ports)
        async with watching(broker.bootstrap) as watch:
            charging = circle.services["charging"]
            await stage.open_accounts(broker.bootstrap, workload, watch, charging)
            told_too = demand.recipients(workload, hooks.address(page, "taken"))
            await publish_commands(
                broker.bootstrap, by_topic(told_too), stage.taking(watch, charging.check)
            )
        run = Run(page, prometheus, services, started, ports, received, every_s)
        run.tasks = (
            asyncio.create_task(demand.calls(broker.bootstrap, workload, calls_per_s)),
            asyncio.create_task(
                demand.casts(broker.bootstrap, page, lambda: "charging" not in run.down)
            ),
            asyncio.create_task(demand.questions(ports["questions"])),
            asyncio.create_task(_canary(run, in_force_s)),
        )
        stack.push_async_callback(_ended, run.tasks)
        yield run


async def _canary(run: Run, in_force_s: float) -> None:
    """Start the canary once the settings that name its tenant are in force."""
    await asyncio.sleep(max(0.0, in_force_s + 1 - time.time()))
    await run.start("canary")


async def _ended(tasks: tuple[asyncio.Task[None], ...]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
