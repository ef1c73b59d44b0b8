"""Deeds: how each is done to a service or to the broker, and how long it took until it was there again."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from loadtest.observe.services import ready
from loadtest.rater_command import CommandError
from loadtest.service import Service
from rater.shell.process.failpoints import VARIABLE
from tests.chaos.schedule import AT_PLACE, BROKER, KILL, PAUSE, STOP, TWIN, Deed
from tests.e2e.broker import open_places
from topics.catalog import LEDGER, PARTITIONS, PAYMENT_COMMANDS

if TYPE_CHECKING:
    from deploy.kafka.broker import Broker
    from loadtest.circle.services import Circle

SESSION_S = 3.0
PAUSED_S = 5.0
"""Longer than a session: others take over what the sleeper has."""
BROKER_PAUSED_S = 4.0
AT_PLACE_S = 8.0
"""So long a service may take to come to its place; then it goes on."""
LOOK_S = 0.05
LOOKS = 8
_WRITES = {"charging": LEDGER.name, "recharge": PAYMENT_COMMANDS.name}
"""What those write whose transactions are looked for."""


@dataclass(slots=True)
class Done:
    """What has been done."""

    kinds: Counter[str] = field(default_factory=Counter)
    """Deeds by kind and whom; of a failpoint by its name."""
    kills: Counter[str] = field(default_factory=Counter)
    """By whom: those that came."""
    not_reached: list[str] = field(default_factory=list)
    """Places that a service did not come to in time."""
    inside: int = 0
    """Kills of charging and recharge that came inside an open transaction."""
    looked: int = 0
    """Those kills of which it was looked whether they did."""
    recovered_s: list[tuple[str, float]] = field(default_factory=list)
    """Of each: from its new start until it said that it is ready."""


class Doer:
    """Does deeds to what runs."""

    def __init__(self, played: Circle, broker: Broker, ports: dict[str, int]) -> None:
        """Take what runs, and where it says that it is ready."""
        self.done = Done()
        self._played = played
        self._broker = broker
        self._ports = ports

    async def do(self, deed: Deed) -> None:
        """Do one, and wait until whom it was done to is ready again."""
        await asyncio.sleep(deed.wait_s)
        self._played.supervise()
        name = deed.place.partition(":")[0] or deed.kind
        self.done.kinds[f"{deed.whom}: {name}"] += 1
        if deed.whom == BROKER:
            await self._to_broker(deed)
        else:
            await self._to_service(deed, self._played.services[deed.whom])

    async def _to_broker(self, deed: Deed) -> None:
        began = time.monotonic()
        if deed.kind == KILL:
            await asyncio.to_thread(self._broker.kill)
            self.done.kills[BROKER] += 1
            await asyncio.to_thread(self._broker.restart)
        else:
            assert deed.kind == PAUSE, deed
            assert self._broker.pid is not None
            os.kill(self._broker.pid, signal.SIGSTOP)
            await asyncio.sleep(BROKER_PAUSED_S)
            os.kill(self._broker.pid, signal.SIGCONT)
        # Who waited too long for it ends, and is started anew.
        for name in self._played.services:
            await self._ready(name)
        self.done.recovered_s.append((BROKER, time.monotonic() - began))

    async def _to_service(self, deed: Deed, service: Service) -> None:
        if deed.kind == KILL:
            await self._kill(deed.whom, service)
        elif deed.kind == STOP:
            await asyncio.to_thread(service.stop)
        elif deed.kind == AT_PLACE:
            await self._at_place(deed, service)
            return
        elif deed.kind == PAUSE:
            os.kill(service.pid, signal.SIGSTOP)
            await asyncio.sleep(PAUSED_S)
            os.kill(service.pid, signal.SIGCONT)
            # Fenced, it ends by itself, or goes on as a member that joins anew.
            await asyncio.sleep(1.0)
            await self._ready(deed.whom)
            return
        else:
            assert deed.kind == TWIN, deed
            await self._twin(deed.whom, service)
            return
        await self._start(deed.whom, service)

    async def _kill(self, whom: str, service: Service) -> None:
        """Kill a service, if possible at a moment when it has an open transaction."""
        is_inside = whom in _WRITES and await self._stopped_inside(whom, service)
        service.kill()
        self.done.kills[whom] += 1
        self.done.looked += whom in _WRITES
        self.done.inside += is_inside

    async def _stopped_inside(self, whom: str, service: Service) -> bool:
        places = [TopicPartition(_WRITES[whom], number) for number in range(PARTITIONS)]
        async with open_places(self._played.bootstrap) as open_now:
            for look in range(LOOKS):
                os.kill(service.pid, signal.SIGSTOP)
                # What has been committed is given time for its markers.
                await asyncio.sleep(0.1)
                if await open_now(places):
                    return True
                if look < LOOKS - 1:
                    os.kill(service.pid, signal.SIGCONT)
                    await asyncio.sleep(0.03)
        return False

    async def _at_place(self, deed: Deed, service: Service) -> None:
        """Let a service run until it kills itself at a place."""
        await asyncio.to_thread(service.stop)
        service.environment[VARIABLE] = deed.place
        try:
            service.start()
            for _ in range(int(AT_PLACE_S / LOOK_S)):
                if service.code is not None:
                    break
                await asyncio.sleep(LOOK_S)
        finally:
            del service.environment[VARIABLE]
        if service.code is None:
            self.done.not_reached.append(deed.place)
            await asyncio.to_thread(service.stop)
        else:
            assert service.code == -signal.SIGKILL, service.last_lines()
            service.kill()
            self.done.kills[deed.whom] += 1
        await self._start(deed.whom, service)

    async def _twin(self, whom: str, service: Service) -> None:
        """Let a second instance join and leave, each of which shares the work anew."""
        twin = service.twin(self._played.folder / f"{whom}-twin.log")
        twin.start()
        await asyncio.sleep(PAUSED_S)
        await asyncio.to_thread(twin.stop)
        await self._ready(whom)

    async def _start(self, whom: str, service: Service) -> None:
        began = time.monotonic()
        service.start()
        await self._ready(whom)
        self.done.recovered_s.append((whom, time.monotonic() - began))

    async def _ready(self, whom: str) -> None:
        """Wait until a service says that it is ready; one that has ended by itself is started anew."""
        while True:
            self._played.supervise()
            with suppress(CommandError):
                await ready({whom: self._played.services[whom]}, self._ports)
                return
            if self._played.services[whom].code is None:
                raise CommandError(
                    f"{whom} is not ready\n{self._played.services[whom].last_lines()}"
                )
