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
    """Ask for the cluster's metadata and say whether a live broker is named in the answer.

    An open port proves little: the broker listens before it is ready to serve. It names itself in
    a Metadata response only when its controller counts it among the living.
    """
    host, _, port = bootstrap.rpartition(":")
    # Metadata (key 3) version 1, correlation id 1, client id "rater", an empty list of topics.
    request = struct.pack(">hhih5si", 3, 1, 1, 5, b"rater", 0)
    try:
        with socket.create_connection((host, int(port)), timeout_s) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            with connection.makefile("rb") as reply:
                _size, _correlation, brokers = struct.unpack(">iii", reply.read(12))
    except (OSError, struct.error, ValueError):
        return False
    return bool(brokers > 0)


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
