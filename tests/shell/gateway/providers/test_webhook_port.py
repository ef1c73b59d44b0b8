"""The webhook port is open to strangers: junk is 400 and counted, idle connections are cut, neither writes a log."""

import asyncio
import gzip
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator
from unittest.mock import AsyncMock

import pytest

from rater.secret import Secret
from rater.shell.gateway.metrics import GatewayMetrics
from rater.shell.gateway.providers import webhook_port
from rater.shell.gateway.providers.stripe.payments import StripePayments
from rater.shell.gateway.providers.stripe.webhooks import PATH, Webhooks
from rater.shell.process.metrics import Metrics

REFUSED = 'rater_gateway_webhooks_total{outcome="refused"}'


class Port:
    """A port that listens, and what it has counted."""

    def __init__(self, webhooks: Webhooks, metrics: GatewayMetrics) -> None:
        assert webhooks._runner is not None
        self.number = webhooks._runner.addresses[0][1]
        self.webhooks, self.metrics = webhooks, metrics

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
        return self.counted("refused")

    def counted(self, outcome: str) -> float:
        """Return how many came to an outcome."""
        found = self.metrics.shared.registry.get_sample_value(
            "rater_gateway_webhooks_total", {"outcome": outcome}
        )
        return found or 0


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    metrics = GatewayMetrics(Metrics())
    payments = StripePayments(Secret("sk_test_x"))
    webhooks = Webhooks(payments, "test", Secret("whsec_x"), metrics.webhook)
    await webhooks.listen(("127.0.0.1", 0))
    yield Port(webhooks, metrics)
    await webhooks.close()
    await payments.close()


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


@pytest.mark.parametrize("body", [gzip.compress(b"\0" * (200 << 20), 9), b"not gzip"])
async def test_a_body_that_is_packed_is_refused_and_not_unpacked(port: Port, body: bytes) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n".encode()
    began = time.process_time()
    answers = [await port.send(head + b"Content-Encoding: gzip\r\n\r\n" + body) for _ in range(10)]

    assert {int(answer.split()[1]) for answer in answers} == {415}
    assert port.refused() == 10
    # Unpacked, one of them takes a third of a second.
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    "request_",
    [
        b"\xff\xfe\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        f"GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n".encode(),
    ],
)
async def test_whatever_is_turned_away_is_counted(port: Port, request_: bytes) -> None:
    await port.send(request_)

    assert port.refused() == 1


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("payment_intent.succeeded", "x"),
        ("payment_intent.succeeded", 5),
        ("payment_intent.succeeded", {"object": "x"}),
        ("payment_intent.succeeded", {"object": {"metadata": {"command_id": "\ud800"}}}),
        ("charge.refunded", [1]),
        ("charge.refunded", {"object": [1]}),
    ],
)
async def test_what_is_signed_and_odd_is_unreadable_and_counted(
    port: Port, kind: str, data: object, caplog: pytest.LogCaptureFixture
) -> None:
    port.webhooks._publish = AsyncMock()
    event = {"id": "evt_1", "object": "event", "livemode": False, "type": kind, "data": data}
    body = json.dumps(event).encode()
    at_s = int(time.time())
    digest = hmac.digest(b"whsec_x", b"%d." % at_s + body, "sha256").hex()

    assert await port.post(body, f"t={at_s},v1={digest}".encode()) in {200, 400}
    counted = {
        outcome: port.counted(outcome) for outcome in ("refused", "ignored", "unreadable", "result")
    }
    assert sum(counted.values()) == 1, counted
    assert "Traceback" not in caplog.text
    port.webhooks._publish.assert_not_awaited()
