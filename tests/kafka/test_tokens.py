"""Tokens: asked for once for as long as they are fresh, from any loop, and never shown."""

import asyncio
import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiokafka.errors import KafkaError

from rater.kafka.tokens import TokenError, TokenProvider, TokenSource
from rater.secret import Secret

SECRET = "s3cret:&"  # noqa: S105


@dataclass
class Endpoint:
    """A token endpoint; `answer` is what it says next."""

    port: int = 0
    status: int = 200
    answer: dict[str, Any] | str = field(
        default_factory=lambda: {"access_token": "token", "expires_in": 100}
    )
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/token"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            made.asked.append((self.headers["Authorization"], parse_qs(body)))
            told = made.answer if isinstance(made.answer, str) else json.dumps(made.answer)
            if made.answer == {"access_token": "token", "expires_in": 100}:
                told = json.dumps({**made.answer, "access_token": f"token{len(made.asked)}"})
            self.send_response(made.status)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield made
        server.shutdown()
        thread.join()


class Clock:
    at = 1_000.0

    def __call__(self) -> float:
        return self.at


def provider(endpoint: Endpoint, clock: Clock, scope: str | None = "kafka") -> TokenProvider:
    source = TokenSource(
        url=endpoint.url, client_id="a b", client_secret=Secret(SECRET), scope=scope
    )
    return TokenProvider(source, clock)


async def test_the_client_says_who_it_is_and_what_it_wants(endpoint: Endpoint) -> None:
    assert await provider(endpoint, Clock()).token() == "token1"

    ((login, form),) = endpoint.asked
    assert b64decode(login.removeprefix("Basic ")) == b"a+b:s3cret%3A%26"
    assert form == {"grant_type": ["client_credentials"], "scope": ["kafka"]}


async def test_a_token_is_asked_for_anew_when_most_of_its_time_is_over(endpoint: Endpoint) -> None:
    clock = Clock()
    tokens = provider(endpoint, clock)
    given = []
    for seconds in (0, 79, 80, 159, 161):
        clock.at = 1_000.0 + seconds
        given.append(await tokens.token())

    assert given == ["token1", "token1", "token2", "token2", "token3"]


async def test_a_token_of_unknown_life_is_used_once(endpoint: Endpoint) -> None:
    tokens = provider(endpoint, Clock())
    for answer in (
        {"access_token": "x"},
        {"access_token": "x", "expires_in": "soon"},
        {"access_token": "x", "expires_in": "nan"},
    ):
        endpoint.answer = answer
        await tokens.token()
        await tokens.token()

    assert len(endpoint.asked) == 6


def test_loops_of_several_threads_share_a_provider(endpoint: Endpoint) -> None:
    """Faust's consumer has a thread and a loop of its own."""
    tokens = provider(endpoint, Clock())
    given: list[str] = []
    threads = [
        threading.Thread(target=lambda: given.append(asyncio.run(tokens.token()))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(given) == 8
    assert asyncio.run(tokens.token()) in given


@pytest.mark.parametrize(
    ("status", "answer", "why"),
    [
        (401, {"error": "invalid_client", "error_description": "no\nsuch"}, "HTTP 401 invalid_client no?such"),
        (500, "oh dear", "HTTP 500"),
        (302, "", "HTTP 302"),
        (200, "not JSON", "the answer has no access_token"),
        (200, {"access_token": ""}, "the answer has no access_token"),
        (200, {"access_token": "a\x01b"}, "the answer has no access_token"),
        (200, ["token"], "the answer has no access_token"),
    ],
)  # fmt: skip
async def test_no_token_is_told_with_the_reason_and_without_the_secret(
    endpoint: Endpoint, status: int, answer: Any, why: str
) -> None:
    endpoint.status, endpoint.answer = status, answer

    with pytest.raises(TokenError) as refused:
        await provider(endpoint, Clock()).token()

    assert str(refused.value) == f"TokenError: no token for client a b from {endpoint.url}: {why}"
    assert SECRET not in str(refused.value)
    assert isinstance(refused.value, KafkaError)


async def test_nobody_at_the_endpoint_is_told() -> None:
    tokens = provider(Endpoint(port=1), Clock())

    with pytest.raises(
        TokenError, match=r"no token for client a b from http://127.0.0.1:1/token: Cannot connect"
    ):
        await tokens.token()
    assert SECRET not in repr(tokens)
