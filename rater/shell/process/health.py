"""Health: what a worker says of itself over HTTP, from a thread of its own.

`/livez`: the event loop runs and no invariant of the whole worker is broken. A failing broker is no
reason to kill the worker, so nothing outside the process is asked. `/readyz`: the worker charges;
it has partitions, has recovered them, has all decks, settings and plans, and none of its partitions is halted. The body
names what is missing, and what is held by order. `/metrics`: for Prometheus.
"""

import json
import logging
import socket
import socketserver
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from types import MappingProxyType
from typing import Any, BinaryIO, Self, cast

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from rater.shell.process.metrics import Metrics, State
from rater.shell.process.start import StartError

PARTS = ("assigned", "recovered", "decks", "settings", "plans")
"""What a charging worker needs before it is ready."""

BROKER_SILENT_S = 10.0
"""How long the broker may be silent before a service is not ready."""
CONNECTIONS_MAX = 32
"""Answered at once; whoever comes beyond is hung up on."""
REQUEST_S = 5.0
"""For a whole request and its answer, however slowly the other side speaks or listens."""
HEAD_BYTES_MAX = 16 * 1024
"""Of a request; a body is not read."""

log = logging.getLogger(__name__)


class Health:
    """What the worker knows of itself; any thread may set and read it."""

    def __init__(
        self, metrics: Metrics, parts: Iterable[str] = PARTS, tick_timeout_s: float = 10.0
    ) -> None:
        self._lock = threading.Lock()
        self._metrics = metrics
        self._tick_timeout_s = tick_timeout_s
        self._ticked_at = monotonic()
        self._broker_at = monotonic()
        self._state: State = "starting"
        self._missing: dict[str, str] = dict.fromkeys(parts, "not yet")
        self._halted: dict[int, str] = {}
        self._fatal: dict[str, str] = {}
        self.held = ""
        """What the worker does not do because it was ordered not to; it is ready all the same."""

    def tick(self, late_s: float | None = None) -> None:
        """Say that the event loop runs, and how late it does; call it from the loop every second or so."""
        self._ticked_at = monotonic()
        if late_s is not None:
            self._metrics.loop_late("main", late_s)

    def broker_answered(self) -> None:
        """Say that the broker has just answered."""
        self._broker_at = monotonic()

    def broker_silent_s(self) -> float:
        """Return for how long the broker has been silent; 0.0 as long as that is no reason to worry."""
        silent_s = monotonic() - self._broker_at
        return silent_s if silent_s > BROKER_SILENT_S else 0.0

    def set_state(self, state: State) -> None:
        """Say which state the worker is in; only a serving one is ready."""
        with self._lock:
            self._state = state
        self._metrics.set_state(state)

    def set_ready(self, part: str, *, ready: bool, detail: str = "") -> None:
        """Say whether a part is ready, and if not, why."""
        with self._lock:
            if ready:
                self._missing.pop(part, None)
            else:
                self._missing[part] = detail or "not yet"

    def halt(self, partition: int, detail: str) -> None:
        """Say that a partition stands still for a broken invariant: the worker is not ready."""
        with self._lock:
            self._halted[partition] = detail
            halted = len(self._halted)
        self._metrics.set_halted(halted)

    def forget_partition(self, partition: int) -> None:
        """Drop what is known of a partition that this worker has lost."""
        with self._lock:
            self._halted.pop(partition, None)
            halted = len(self._halted)
        self._metrics.set_halted(halted)

    def fail(self, invariant: str, detail: str) -> None:
        """Say that an invariant of the whole worker is broken: it is no longer alive."""
        with self._lock:
            self._fatal[invariant] = detail

    def dead(self) -> dict[str, str]:
        """Return why the worker should be restarted; empty when it is alive."""
        silent_s = monotonic() - self._ticked_at
        with self._lock:
            reasons = dict(self._fatal)
        if silent_s > self._tick_timeout_s:
            reasons["event_loop"] = (
                f"no tick for {silent_s:.1f} s, allowed are {self._tick_timeout_s:g} s"
            )
        return reasons

    def missing(self) -> dict[str, str]:
        """Return what keeps the worker from charging; empty when it is ready."""
        with self._lock:
            reasons = dict(self._missing)
            reasons.update({f"partition {p}": f"halted: {why}" for p, why in self._halted.items()})
            if self._state != "serving":
                reasons["state"] = self._state
        if silent_s := self.broker_silent_s():
            reasons["broker"] = f"no answer for {silent_s:.0f} s"
        return reasons | self.dead()


class PortError(StartError):
    """Health cannot be served where it was to be; the message says why."""


class HealthServer:
    """The HTTP server; `port` is the one it listens on, also when 0 was asked for."""

    def __init__(self, health: Health, metrics: Metrics, host: str, port: int) -> None:
        """Bind the port at once; `PortError` where it is taken, or the host is none of ours."""
        try:
            self._server = _Server((host, port), health, metrics.registry)
            self._collections = metrics.collections
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or str(error)
            where = f"metrics and health on {host}, port {port}"
            raise PortError(f"{where}: {why} (--metrics-host, --metrics-port)") from error
        self.host = host
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="health",
            daemon=True,
        )  # fmt: skip

    def start(self) -> None:
        """Answer from now on, and count collections of garbage."""
        self._thread.start()
        self._collections.watch()
        log.info(
            "metrics and health on http://%(host)s:%(port)d/",
            {"host": self.host, "port": self.port},
        )

    def stop(self) -> None:
        """Answer no more, and free the port."""
        if self._thread.is_alive():
            self._collections.leave()
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        """Start, and return the server."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()


class _Server(ThreadingHTTPServer):
    """A listening socket with what the handlers of its requests need."""

    daemon_threads = True
    request_queue_size = 2 * CONNECTIONS_MAX

    def __init__(
        self, address: tuple[str, int], health: Health, registry: CollectorRegistry
    ) -> None:
        self.health = health
        self.registry = registry
        self._places = threading.BoundedSemaphore(CONNECTIONS_MAX)
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, if there is a place."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and hang up when the time is over."""
        hang_up = threading.Timer(REQUEST_S, _hang_up, (request,))
        hang_up.daemon = True
        hang_up.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            hang_up.cancel()
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say little of what others send: a broken connection is no trouble of ours."""
        log.debug("a request to health failed")

    def server_bind(self) -> None:
        # HTTPServer's own asks the DNS for the host's full name: that can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Head:
    """The readable side of a connection, up to the largest head."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = HEAD_BYTES_MAX

    def readline(self, size: int = -1) -> bytes:
        limit = self._left + 1 if size < 0 else min(size, self._left + 1)
        line = self._file.readline(limit)
        self._left -= len(line)
        if self._left < 0:
            raise ConnectionError(f"a request of more than {HEAD_BYTES_MAX} bytes")
        return line

    def close(self) -> None:
        self._file.close()


class _Handler(BaseHTTPRequestHandler):
    """One request. The answer is built from `Health` and the registry alone."""

    server: _Server
    timeout = REQUEST_S

    def setup(self) -> None:
        super().setup()
        self.rfile = cast("Any", _Head(cast("BinaryIO", self.rfile)))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._send_metrics()
        elif path == "/livez":
            self._send_verdict("alive", self.server.health.dead())
        elif path == "/readyz":
            held = self.server.health.held
            told = {"held": held} if held else {}
            self._send_verdict("ready", self.server.health.missing(), told)
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"try /metrics, /livez or /readyz\n")

    def _send_metrics(self) -> None:
        encode, content_type = choose_encoder(self.headers.get("Accept", ""))
        self._send(HTTPStatus.OK, content_type, encode(self.server.registry))

    def _send_verdict(
        self, name: str, reasons: dict[str, str], told: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
        why = "missing" if name == "ready" else "why"
        body = json.dumps({name: not reasons, why: reasons, **told})
        self._send(status, "application/json", body.encode() + b"\n")

    def _send(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        log.debug(format, *args)
