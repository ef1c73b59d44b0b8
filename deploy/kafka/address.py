"""The broker's address: a port that is free, and whether a broker answers there."""

from __future__ import annotations

import contextlib
import secrets
import socket
import struct

HOST = "127.0.0.1"
# Below the range that systems hand out for outgoing connections: while the broker is down, a client
# that dials such a port over and over could be given that very port, and talk to itself.
FREE_PORTS = range(20_000, 30_000)


def answers(bootstrap: str, timeout_s: float = 1.0) -> bool:
    """Say whether one of the addresses belongs to a broker that serves."""
    return any(live_nodes(each.strip(), timeout_s) for each in bootstrap.split(","))


def live_nodes(address: str, timeout_s: float = 1.0) -> frozenset[int]:
    """Ask a broker for its cluster's metadata and return the ids of the brokers that it names; none: no answer.

    An open port proves little: a broker listens before it is ready to serve. It names itself in
    a Metadata response only when its controller counts it among the living.
    """
    host, _, port = address.rpartition(":")
    # Metadata (key 3) version 1, correlation id 1, client id "rater", an empty list of topics.
    request = struct.pack(">hhih5si", 3, 1, 1, 5, b"rater", 0)
    try:
        with socket.create_connection((host, int(port)), timeout_s) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            with connection.makefile("rb") as reply:
                (size,) = struct.unpack(">i", reply.read(4))
                return nodes_of(reply.read(size)[4:])
    except (OSError, struct.error, ValueError):
        return frozenset()


def nodes_of(answer: bytes) -> frozenset[int]:
    """Return the ids of the brokers in an answer to Metadata version 1, behind its header; or struct.error."""
    (count,), at = struct.unpack_from(">i", answer), 4
    found = set()
    for _ in range(count):
        node, length = struct.unpack_from(">ih", answer, at)
        (rack,) = struct.unpack_from(">h", answer, at + 6 + length + 4)
        at += 6 + length + 4 + 2 + max(rack, 0)
        found.add(node)
    return frozenset(found)


def listens(bootstrap: str, timeout_s: float = 1.0) -> bool:
    """Say whether anybody takes a connection at one of the addresses."""
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        with (
            contextlib.suppress(OSError, ValueError),
            socket.create_connection((host, int(port)), timeout_s),
        ):
            return True
    return False


def is_free(port: int) -> bool:
    """Say whether a server may listen on the port; connections left over do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Draw that many different ports of this machine on which nothing listens.

    Drawn at random, so that sessions that start at the same moment do not collide.
    """
    drawn = secrets.SystemRandom().sample(FREE_PORTS, len(FREE_PORTS))
    free = (port for port in drawn if is_free(port))
    return [next(free) for _ in range(count)]
