"""A connection over TLS is closed at once, whatever the other side is at."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from loadtest import clients
from rater.kafka.tls import TlsFiles, new_context
from tests.kafka.pki import authority, server_context


@contextmanager
def deaf(context: ssl.SSLContext) -> Iterator[int]:
    """Listen, and let one client in; then say something, and hear nothing any more."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            plain = server.accept()[0]
            with (
                plain,
                context.wrap_socket(plain, server_side=True, suppress_ragged_eofs=True) as client,
            ):
                client.sendall(b"hello")
                ended.wait(20)
                client.settimeout(0)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            thread.join()


async def closing_s(port: int, context: ssl.SSLContext) -> float:
    """Connect, read something, close; return how long closing took."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname="localhost"
    )
    assert await reader.readexactly(5) == b"hello"
    began = time.monotonic()
    writer.close()
    await writer.wait_closed()
    return time.monotonic() - began


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("whose", ["rater", "loadtest"])
def test_nobody_waits_for_the_other_sides_good_bye(
    run: Callable[[Coroutine[Any, Any, float]], float],
    whose: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Half a minute was waited for it, in which a worker did not begin and a service did not end."""
    ca = authority(tmp_path)
    monkeypatch.delenv("LOADTEST_LOGINS", raising=False)
    monkeypatch.setenv("RATER_KAFKA_SECURITY_PROTOCOL", "SSL")
    monkeypatch.setenv("RATER_KAFKA_CA_FILE", str(ca.certificate))
    ours = new_context(TlsFiles(ca_file=ca.certificate))
    context = ours if whose == "rater" else clients.options("a:1", None)["ssl_context"]
    with deaf(server_context(ca)) as port:
        took_s = run(closing_s(port, context))

    assert took_s < 5
