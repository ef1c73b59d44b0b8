"""What makes a broker one of several: its number, and where the controllers of all of them are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from deploy.kafka.address import HOST
from deploy.kafka.distribution import HERE

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAP = ("-Xmx256m",)
"""Of each of several: half of what one alone has."""


@dataclass(frozen=True, slots=True)
class Membership:
    """One node of a cluster. Kept in its broker.json, so that one that was killed finds back by itself."""

    cluster: str
    node: int
    """From 1 on."""
    cluster_id: str
    controller_ports: tuple[int, ...]
    """Of all nodes, by number; that of a node stays, for the others have it in their settings."""

    @classmethod
    def read(cls, kept: Mapping[str, Any] | None) -> Self | None:
        """Return what broker.json keeps; None: a broker that is alone."""
        if not kept:
            return None
        return cls(**{**kept, "controller_ports": tuple(kept["controller_ports"])})

    def kept(self) -> dict[str, Any]:
        """Return what `read` reads."""
        return asdict(self)

    @property
    def instance(self) -> str:
        """The name of the node's instance."""
        return f"{self.cluster}-{self.node}"

    @property
    def controller_port(self) -> int:
        """Where its own controller listens."""
        return self.controller_ports[self.node - 1]

    def settings(self) -> str:
        """Fill in cluster.properties.in."""
        text = (HERE / "cluster.properties.in").read_text()
        voters = (f"{n}@{HOST}:{port}" for n, port in enumerate(self.controller_ports, 1))
        for name, value in {"node": str(self.node), "voters": ",".join(voters)}.items():
            text = text.replace("{" + name + "}", value)
        return text
