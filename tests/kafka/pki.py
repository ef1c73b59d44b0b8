"""A TLS server on this machine for a moment, and an authority of its own."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_server
from typing import Any

from deploy.kafka.certificates import LOCAL, Authority, Certificate


def authority(folder: Path, name: str = "Test CA") -> Authority:
    return Authority(folder, name)


def server_context(
    authority: Authority, own: Certificate | None = None, *, wants_certificate: bool = False
) -> ssl.SSLContext:
    """Make the context of a server of the authority, good for this machine."""
    own = own or authority.issue("server", LOCAL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    if wants_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority.certificate)
    return context


@contextmanager
def tls_server(context: ssl.SSLContext) -> Iterator[tuple[int, list[str]]]:
    """Listen; give the port, and the list of the names that clients have presented."""
    presented: list[str] = []
    with create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        ended = threading.Event()

        def greet() -> None:
            while not ended.is_set():
                with (
                    suppress(OSError),
                    server.accept()[0] as plain,
                    context.wrap_socket(plain, server_side=True) as client,
                ):
                    shown: dict[str, Any] = dict(client.getpeercert() or {})
                    names = [value for group in shown.get("subject", ()) for _, value in group]
                    presented.extend(names)
                    client.sendall(b"hello")

        thread = threading.Thread(target=greet)
        thread.start()
        try:
            yield server.getsockname()[1], presented
        finally:
            ended.set()
            thread.join()
