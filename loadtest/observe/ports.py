"""Ports: where processes of a run listen on the loopback: known before they start, the same when they start anew."""

import socket
from collections.abc import Iterable
from contextlib import ExitStack

HOST = "127.0.0.1"


def free(names: Iterable[str]) -> dict[str, int]:
    """Return a free port for each name."""
    with ExitStack() as stack:
        found = {}
        for name in names:
            # All are held until each has one: no two get the same.
            taken = stack.enter_context(socket.socket())
            taken.bind((HOST, 0))
            found[name] = taken.getsockname()[1]
        return found
