"""The port: what reaches it is answered, or turned away; questions as switches send them are in tests/e2e."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rater.shell.gatekeeper import port
from rater.shell.gatekeeper.desk import Desk
from rater.shell.gatekeeper.port import PortError, listening
from tests.shell.gatekeeper.test_desk import CALL, Case

HEAD = b"POST /v1/authorise HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


@pytest.fixture
async def address(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, int]]:
    runner, _ = await listening(Case(monkeypatch).desk, "127.0.0.1", 0)
    yield runner.addresses[0][:2]
    await runner.cleanup()


Open = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def asked(opened: Open, content: bytes) -> tuple[int, dict[str, Any]]:
    """Send bytes, and read one answer."""
    reader, writer = opened
    writer.write(content)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next(
        int(line.partition(":")[2])
        for line in head.splitlines()
        if line.lower().startswith("content-length")
    )
    return int(head.split()[1]), json.loads(await reader.readexactly(length))


async def test_a_connection_stays_open_for_the_next_question(address: tuple[str, int]) -> None:
    opened = await asyncio.open_connection(*address)
    body = json.dumps(CALL).encode()
    for _ in range(2):
        code, said = await asked(opened, HEAD % len(body) + body)
        assert (code, said["allowed"], said["max_duration_s"]) == (200, True, 3_000)
    opened[1].close()


async def test_a_hold_of_another_call_is_a_conflict(address: tuple[str, int]) -> None:
    opened = await asyncio.open_connection(*address)
    first = json.dumps(CALL | {"hold": True, "longest_s": 60}).encode()
    _, held = await asked(opened, HEAD % len(first) + first)
    other = CALL | {"hold": True, "hold_id": held["hold_id"], "to": "+33612345678"}
    body = json.dumps(other).encode()
    code, said = await asked(opened, HEAD % len(body) + body)

    assert (code, said["allowed"], said["max_duration_s"]) == (409, False, 0)
    assert said["detail"] == "hold_id: is of another call, by its to"
    opened[1].close()


async def test_a_body_that_does_not_come_is_not_waited_for(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port, "BODY_S", 0.05)
    opened = await asyncio.open_connection(*address)
    code, said = await asked(opened, HEAD % 100 + b"{")

    assert (code, said["allowed"]) == (408, False)
    opened[1].close()


async def test_more_connections_than_there_may_be_are_turned_away(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port, "CONNECTIONS_MAX", 1)
    first = await asyncio.open_connection(*address)
    body = json.dumps(CALL).encode()
    assert (await asked(first, HEAD % len(body) + body))[0] == 200
    second = await asyncio.open_connection(*address)
    code, said = await asked(second, HEAD % len(body) + body)

    assert (code, said["allowed"]) == (503, False)
    assert await second[0].read() == b""
    for _, writer in (first, second):
        writer.close()


async def test_a_port_that_is_taken_is_said(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk: Desk = Case(monkeypatch).desk
    with pytest.raises(PortError, match=f"port {address[1]}.*--port"):
        await listening(desk, *address)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("application/json; charset=utf-8", 200),
        ("application/vnd.switch+json", 200),
        ("text/plain", 200),
        ("application/octet-stream", 200),
        ("application/x-www-form-urlencoded", 200),
        ("text/xml", 415),
        ("multipart/form-data; boundary=x", 415),
    ],
)
async def test_a_body_that_says_to_be_neither_json_nor_a_form_is_not_read(
    address: tuple[str, int], kind: str, code: int
) -> None:
    body = json.dumps(CALL).encode()
    opened = await asyncio.open_connection(*address)
    head = (HEAD % len(body)).replace(b"application/json", kind.encode())

    found, said = await asked(opened, head + body)

    assert (found, said["allowed"]) == (code, code == 200)
    opened[1].close()
