"""The port of the webhooks: so many connections, so long for a request, one request each, and then it is closed.

Whoever reaches the port is a stranger until his signature is read: what he sends costs little, and writes no log. What
is turned away before that is counted, too. A packed body is not unpacked: a megabyte of it may hold a thousand.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

CONNECTIONS_MAX = 64
REQUEST_S = 5.0
"""For a whole request, from the connection to the last byte of its body."""
BODY_MAX = 1024 * 1024

Answer = Callable[[web.BaseRequest, bytes], Awaitable[web.StreamResponse]]
Refuse = Callable[[], object]
_silent = logging.getLogger(f"{__name__}.http")
_silent.setLevel(logging.CRITICAL + 1)


class _Connection(RequestHandler):
    """One connection; it is cut when its time is over, or at once where there are too many."""

    __slots__ = ("_clock", "_refuse")

    def __init__(self, manager: web.Server, refuse: Refuse, **settings: Any) -> None:
        super().__init__(manager, auto_decompress=False, **settings)
        self._refuse = refuse

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        loop = asyncio.get_running_loop()
        manager = self._manager
        is_full = manager is not None and len(manager.connections) > CONNECTIONS_MAX
        # uvloop's transports are no subclasses of asyncio's.
        abort = cast("asyncio.Transport", transport).abort
        self._clock = loop.call_later(0 if is_full else REQUEST_S, abort)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._clock.cancel()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        # What is no HTTP does not come to any handler.
        self._refuse()
        return super().handle_error(request, status, exc, message)

    def received(self) -> None:
        """Note that the request is there: what it leads to takes its own time."""
        self._clock.cancel()


class _Server(web.Server):
    refuse: Refuse

    def __call__(self) -> RequestHandler:
        return _Connection(self, self.refuse, loop=self._loop, **self._kwargs)


def webhook_server(path: str, answer: Answer, refuse: Refuse) -> web.Server:
    """Return a server that hands the whole body of each POST to a path to `answer`; `refuse` counts all the others."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = await _handle(request, path, answer)
        if isinstance(response, _TurnedAway):
            refuse()
        response.force_close()
        return response

    server = _Server(handle, access_log=None, logger=_silent, keepalive_timeout=0)
    server.refuse = refuse
    return server


class WebhookPortError(Exception):
    """The webhooks' port cannot be had."""


async def listening(server: web.Server, address: tuple[str, int]) -> tuple[web.ServerRunner, str]:
    """Serve at a host and a port; return what is to be cleaned up, and the URL. WebhookPortError: it is taken."""
    runner = web.ServerRunner(server)
    await runner.setup()
    try:
        await web.TCPSite(runner, *address).start()
    except OSError as error:
        await runner.cleanup()
        raise WebhookPortError(
            f"webhooks on {address[0]}:{address[1]}: {error.strerror}"
        ) from error
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}"


class _TurnedAway(web.Response):
    """An answer to what is no webhook."""


async def _handle(request: web.BaseRequest, path: str, answer: Answer) -> web.StreamResponse:
    if request.path != path:
        return _TurnedAway(status=404, text="no such path\n")
    if request.method != "POST":
        return _TurnedAway(status=405, text="POST alone\n", headers={"Allow": "POST"})
    if request.headers.get("Content-Encoding", "identity") != "identity":
        return _TurnedAway(status=415, text="not packed, please\n")
    if (request.content_length or 0) > BODY_MAX:
        return _TurnedAway(status=413, text="too large\n")
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY_MAX:
            return _TurnedAway(status=413, text="too large\n")
    if isinstance(request.protocol, _Connection):
        request.protocol.received()
    return await answer(request, bytes(body))
