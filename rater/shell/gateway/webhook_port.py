"""The port of the webhooks: so many connections, so long for a request, one request each, and then it is closed.

Whoever reaches the port is a stranger until his signature is read: what he sends costs little, and writes no log.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

CONNECTIONS_MAX = 64
REQUEST_S = 5.0
"""For a whole request, from the connection to the last byte of its body."""
BODY_MAX = 1024 * 1024

Answer = Callable[[web.BaseRequest, bytes], Awaitable[web.StreamResponse]]
_silent = logging.getLogger(f"{__name__}.http")
_silent.setLevel(logging.CRITICAL + 1)


class _Connection(RequestHandler):
    """One connection; it is cut when its time is over, or at once where there are too many."""

    __slots__ = ("_clock",)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)
        loop = asyncio.get_running_loop()
        manager = self._manager
        is_full = manager is not None and len(manager.connections) > CONNECTIONS_MAX
        self._clock = loop.call_later(0 if is_full else REQUEST_S, transport.abort)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._clock.cancel()
        super().connection_lost(exc)

    def received(self) -> None:
        """Note that the request is there: what it leads to takes its own time."""
        self._clock.cancel()


class _Server(web.Server):
    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


def webhook_server(path: str, answer: Answer) -> web.Server:
    """Return a server that hands the whole body of each POST to a path to `answer`."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = await _handle(request, path, answer)
        response.force_close()
        return response

    return _Server(handle, access_log=None, logger=_silent, keepalive_timeout=0)


async def _handle(request: web.BaseRequest, path: str, answer: Answer) -> web.StreamResponse:
    if request.path != path:
        return web.Response(status=404, text="no such path\n")
    if request.method != "POST":
        return web.Response(status=405, text="POST alone\n", headers={"Allow": "POST"})
    if (request.content_length or 0) > BODY_MAX:
        return web.Response(status=413, text="too large\n")
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY_MAX:
            return web.Response(status=413, text="too large\n")
    if isinstance(request.protocol, _Connection):
        request.protocol.received()
    return await answer(request, bytes(body))
