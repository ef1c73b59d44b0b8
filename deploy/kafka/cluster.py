"""Several brokers that are one Kafka, each with a controller: instances NAME-1, NAME-2, ... on this machine.

Each is a `Broker` as any other: one may be killed, started again, and is found by its own name. Standard library only.
"""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from deploy.kafka.address import free_ports, is_free
from deploy.kafka.broker import HOME, STOP_TIMEOUT_S, Broker, BrokerError, instances, say
from deploy.kafka.data_folder import new_id
from deploy.kafka.distribution import fetch
from deploy.kafka.membership import Membership
from deploy.kafka.process import within

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.secured import Access

SIZE = 3
"""As many as there are copies of each partition (cluster.properties.in)."""


class Cluster:
    """Some brokers and their data; another object of the same name sees the same ones.

    `port` is that of the first, the others follow it; 0: as of a single broker. With `access` all share
    certificates and passwords, which lie with the first.
    """

    def __init__(  # noqa: PLR0913
        self,
        name: str,
        *,
        size: int = SIZE,
        port: int = 0,
        home: Path = HOME,
        short_lived: bool = False,
        access: Access | None = None,
    ) -> None:
        """Name it; nothing is written or started yet. BrokerError where it is there with another number of brokers."""
        if size < SIZE:
            raise BrokerError(
                f"{size} brokers: must be {SIZE} or more, for there are {SIZE} copies"
            )
        there = members(name, home)
        if there and len(there) != size:
            raise BrokerError(f"{name} has {len(there)} brokers, not {size}: remove it first")
        if (home / name / "broker.json").exists():
            raise BrokerError(f"{name} is a single broker: give another name, or remove it first")
        if access is not None and access.folder is None:
            access = replace(access, folder=home / f"{name}-1" / "secured")
        self.home = home
        known = [broker.member for broker in there if broker.member is not None]
        self.brokers = [
            Broker(
                each.instance,
                port=port and port + each.node - 1,
                home=home,
                short_lived=short_lived,
                access=access,
                member=each,
            )
            for each in (known or _new(name, size))
        ]

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop it; its data stay."""
        self.stop()

    @property
    def bootstrap(self) -> str:
        """The addresses for clients, with commas between them."""
        return ",".join(broker.bootstrap for broker in self.brokers)

    def broker(self, node: int) -> Broker:
        """Return one by its number, from 1 on."""
        return self.brokers[node - 1]

    def start(self) -> str:
        """Start those that do not run, wait until each answers, and return the addresses."""
        fetch(self.home, say)
        if not any(broker.pid for broker in self.brokers):
            self._move_controllers()
        # None answers before most of the controllers are there.
        for broker in self.brokers:
            broker.begin()
        for broker in self.brokers:
            if broker.secured is not None:
                broker.secured.bootstrap = self.bootstrap
            broker.served()
        return self.bootstrap

    def _move_controllers(self) -> None:
        """While nobody runs, controllers may move: to other ports where one of theirs is taken."""
        old = [broker.member for broker in self.brokers if broker.member is not None]
        if not all(is_free(member.controller_port) for member in old):
            ports = tuple(free_ports(len(old)))
            for broker, member in zip(self.brokers, old, strict=True):
                broker.member = replace(member, controller_ports=ports)

    def stop(self) -> None:
        """End all in order, at once: one that is the last has no controllers any more that would let it go."""
        running = [broker for broker in self.brokers if broker.pid is not None]
        for broker in running:
            broker.send(signal.SIGTERM)
        within(STOP_TIMEOUT_S, lambda: all(broker.pid is None for broker in running))
        for broker in running:
            broker.stop()

    def kill(self) -> None:
        """End all as a crash would."""
        for broker in self.brokers:
            broker.kill()

    def remove(self) -> None:
        """Kill all and delete all that belongs to them."""
        self.kill()
        for broker in self.brokers:
            broker.remove()


def members(name: str, home: Path = HOME) -> list[Broker]:
    """Return the brokers of a cluster, by number; empty where there is none of the name."""
    found = [b for b in instances(home) if b.member is not None and b.member.cluster == name]
    return sorted(found, key=lambda broker: broker.node)


def _new(name: str, size: int) -> list[Membership]:
    ports, cluster_id = tuple(free_ports(size)), new_id()
    return [Membership(name, node, cluster_id, ports) for node in range(1, size + 1)]
