"""The port: HTTP for switches, on connections that stay open; one path for questions, one for calls that have ended.

`GET` or `POST /v1/authorise`, `POST /v1/release`. A question comes as a query, a form or JSON. Whoever reaches the port
is answered: it is for the switches' own network.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from rater.shell.gatekeeper.desk import UNRELIABLE, Desk
from rater.shell.process.start import StartError
from rater.wire.authorisation.answers import Answer, encode_answer, encode_bad_request
from rater.wire.authorisation.questions import REQUEST_BYTES_MAX, BadRequest, OtherCall

AUTHORISE = "/v1/authorise"
RELEASE = "/v1/release"
CONNECTIONS_MAX = 1_024
"""Answered; whoever comes beyond is told to come again, and hung up on."""
KEEP_ALIVE_S = 75.0
BODY_S = 2.0
"""For a body, however slowly the other side speaks."""
FIELDS_MAX = 32
"""Of a query or a form."""

_FORM = "application/x-www-form-urlencoded"
_READ = frozenset(("application/json", _FORM, "text/plain", "application/octet-stream"))
"""What a body may be said to be; the last also where nothing is said."""
_SHOWN = 80
"""Characters of a header that a refusal shows."""
_silent = logging.getLogger(f"{__name__}.http")
_silent.setLevel(logging.CRITICAL + 1)

Given = bytes | Mapping[str, str]


class PortError(StartError):
    """The port cannot be had."""


async def listening(desk: Desk, host: str, port: int) -> tuple[web.ServerRunner, str]:
    """Serve at a host and a port; return what is to be cleaned up, and the URL."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if len(server.connections) <= CONNECTIONS_MAX:
            return await _answer(desk, request)
        response = _said(503, f"more than {CONNECTIONS_MAX} connections")
        response.force_close()
        return response

    server = web.Server(
        handle, access_log=None, logger=_silent, keepalive_timeout=KEEP_ALIVE_S, auto_decompress=False
    )  # fmt: skip
    runner = web.ServerRunner(server)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except (OSError, UnicodeError) as error:
        await runner.cleanup()
        why = getattr(error, "strerror", None) or str(error)
        raise PortError(f"questions on {host}, port {port}: {why} (--host, --port)") from error
    bound_host, bound_port = runner.addresses[0][:2]
    return runner, f"http://{bound_host}:{bound_port}"


async def _answer(desk: Desk, request: web.BaseRequest) -> web.Response:
    path = request.path
    if path not in {AUTHORISE, RELEASE}:
        return _said(404, f"try {AUTHORISE} or {RELEASE}")
    if request.method == "POST":
        given = await _body(request)
        if isinstance(given, web.Response):
            return given
    elif request.method == "GET" and path == AUTHORISE:
        given = _fields(request.rel_url.raw_query_string)
    else:
        return _said(405, "GET and POST for questions, POST for releases")
    if given is None:
        return _said(400, f"no fields, or more than {FIELDS_MAX}, or one that is there twice")
    return _decided(desk.authorise(given)) if path == AUTHORISE else _released(desk.release, given)


async def _body(request: web.BaseRequest) -> Given | web.Response | None:
    """Return what a body says: JSON as it is, a form as its fields."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        return _said(415, "not packed, please")
    if request.content_type not in _READ and not request.content_type.endswith("+json"):
        return _said(415, f"a body is JSON or a form, found {request.content_type[:_SHOWN]}")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > REQUEST_BYTES_MAX:
                    return _said(413, f"more than {REQUEST_BYTES_MAX} bytes")
    except TimeoutError:
        return _said(408, f"no whole body in {BODY_S:g} s")
    if request.content_type == _FORM and body[:1] != b"{":
        return _fields(body.decode("ascii", errors="replace"))
    return bytes(body)


def _fields(text: str) -> Mapping[str, str] | None:
    """Return the fields of a query or a form; None where they are none, too many, or one is there twice."""
    if len(text) > REQUEST_BYTES_MAX:
        return None
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        return None
    fields = dict(pairs)
    return fields if fields and len(fields) == len(pairs) else None


def _decided(answer: Answer | BadRequest) -> web.Response:
    if isinstance(answer, BadRequest):
        return _said(409 if isinstance(answer, OtherCall) else 400, answer.detail)
    # Another gatekeeper may know better: a balancer that tries the next one sees the status.
    status = 503 if not answer.allowed and answer.reason in UNRELIABLE else 200
    return _json(status, encode_answer(answer))


def _released(release: Callable[[Given], bool | BadRequest], given: Given) -> web.Response:
    done = release(given)
    if isinstance(done, BadRequest):
        return _said(400, done.detail)
    return _json(200, b'{"released":true}' if done else b'{"released":false}')


def _said(status: int, detail: str) -> web.Response:
    return _json(status, encode_bad_request(detail))


def _json(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json")
