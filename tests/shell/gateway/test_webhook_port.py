"""The webhook port is open to strangers: junk is 400 and counted, idle connections are cut, neither writes a log."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from rater.shell.gateway import webhook_port
from rater.shell.gateway.metrics import GatewayMetrics
from rater.shell.gateway.stripe_webhooks import PATH, StripeWithWebhooks
from rater.shell.metrics import Metrics
from rater.shell.secret import Secret

REFUSED = 'rater_gateway_webhooks_total{outcome="refused"}'


class Port:
    """A port that listens, and what it has counted."""

    def __init__(self, number: int, metrics: GatewayMetrics) -> None:
        self.number, self.metrics = number, metrics

    async def send(self, request: bytes) -> bytes:
        """Send bytes and return the answer, to its end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.number)
        writer.write(request)
        try:
            return await asyncio.wait_for(reader.read(), 8)
        finally:
            writer.close()

    async def post(self, body: bytes, signature: bytes = b"t=1,v1=00") -> int:
        """Post a body; return the status."""
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n".encode()
        answer = await self.send(head + b"Stripe-Signature: " + signature + b"\r\n\r\n" + body)
        return int(answer.split()[1])

    def refused(self) -> float:
        """Return how many were refused."""
        found = self.metrics.shared.registry.get_sample_value(
            "rater_gateway_webhooks_total", {"outcome": "refused"}
        )
        return found or 0


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    metrics = GatewayMetrics(Metrics())
    access = (Secret("sk_test_x"), "test")
    provider = StripeWithWebhooks(access, Secret("whsec_x"), metrics, ("127.0.0.1", 0))  # type: ignore[arg-type]
    await provider.listen()
    assert provider._runner is not None
    yield Port(provider._runner.addresses[0][1], metrics)
    await provider.close()


JUNK = {
    "list": (b"[]", b"t=1,v1=00"),
    "null": (b"null", b"t=1,v1=00"),
    "brackets": (b"[" * 200_000, b"t=1,v1=00"),
    "accent": (b"{}", "t=1,v1=é".encode()),
    "latin": (b"{}", b"t=1,v1=\xe9"),
    "no_utf8": (b"\xff\xfe", b"t=1,v1=00"),
    "no_time": (b"{}", b"v1=00"),
    "words": (b"{}", b"t=soon,v1=00"),
    "empty": (b"", b""),
}


@pytest.mark.parametrize("junk", JUNK)
async def test_junk_is_400_and_counted(
    port: Port, junk: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert await port.post(*JUNK[junk]) == 400
    assert port.refused() == 1
    assert "Traceback" not in caplog.text


async def test_a_thousand_refusals_are_one_line(
    port: Port, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        for _ in range(100):
            await port.post(b"[]")
    assert port.refused() == 100
    assert len([r for r in caplog.records if "refused" in r.message]) == 1


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (f"GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), 405),
        (f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n".encode(), 413),
        (b"\x16\x03\x01 hello\r\n\r\n", 400),
    ],
)
async def test_what_is_no_webhook_is_answered_before_its_body_is_read(
    port: Port, request_: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert int((await port.send(request_)).split()[1]) == status
    assert caplog.text.count("\n") <= 1


async def test_a_body_without_a_length_is_cut_at_the_limit(port: Port) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    chunk = b"%x\r\n%s\r\n" % (600_000, b"x" * 600_000)

    assert b" 413 " in await port.send(head + 2 * chunk)


async def test_idle_connections_are_cut_and_others_are_served_again(
    port: Port, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(webhook_port, "REQUEST_S", 0.5)
    idle = [await asyncio.open_connection("127.0.0.1", port.number) for _ in range(300)]
    idle[0][1].write(f"POST {PATH} HTTP/1.1\r\nContent-Length: 5\r\n\r\nx".encode())
    ends = await asyncio.wait_for(
        asyncio.gather(*(reader.read() for reader, _ in idle), return_exceptions=True), 5
    )

    assert len(ends) == 300
    assert await port.post(b"[]") == 400
    assert len(caplog.records) <= 3
    for _, writer in idle:
        writer.close()
