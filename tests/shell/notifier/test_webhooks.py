"""Webhooks: signed, judged by their status, and kept out of our own network."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from rater.shell.notifier import addresses
from rater.shell.notifier.addresses import (
    ForbiddenAddressError,
    PublicResolver,
    check_literal,
    is_public,
)
from rater.shell.notifier.webhooks import Webhooks, signature, tenant_key, webhook_body
from tests.shell.notifier.notices import LINES, golden

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rater.shell.notifier.attempt import Attempt

SECRET = "the master"  # noqa: S105
NOTICE = golden("funds_added")


async def marked() -> None:
    """Stand for a mark."""


@asynccontextmanager
async def receiving(status: int = 204) -> AsyncIterator[tuple[str, list[web.Request], list[bytes]]]:
    """Run an HTTP server that answers with one status."""
    requests: list[web.Request] = []
    bodies: list[bytes] = []

    async def answer(request: web.Request) -> web.Response:
        requests.append(request)
        bodies.append(await request.read())
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", requests, bodies
    finally:
        await runner.cleanup()


async def post(
    url: str, *, secret: str | None = SECRET, insecure: bool = True, timeout_s: float = 5.0
) -> Attempt:
    webhooks = Webhooks(secret, allow_insecure=insecure, timeout_s=timeout_s)
    try:
        return await webhooks.attempt(NOTICE, LINES[0], url, marked)
    finally:
        await webhooks.close()


async def test_a_post_carries_the_notification_and_a_signature_that_its_receiver_can_check() -> (
    None
):
    async with receiving() as (url, requests, bodies):
        attempt = await post(url)

    key = bytes.fromhex(tenant_key(SECRET, NOTICE.tenant_id).hex())
    stamp, _, signed = requests[0].headers["Rater-Signature"].partition(",v1=")
    expected = hmac.new(key, stamp[2:].encode() + b"." + bodies[0], hashlib.sha256).hexdigest()
    assert attempt.verdict == "sent"
    assert expected == signed
    assert {"schema_version": 1, **json.loads(LINES[0])} == json.loads(bodies[0])
    assert requests[0].headers["Rater-Notification-Id"] == NOTICE.notification_id
    assert requests[0].headers["Content-Type"] == "application/json"


def test_the_signature_is_that_of_openssl() -> None:
    # printf acme | openssl dgst -sha256 -hmac "the master", and likewise with -macopt hexkey:KEY.
    key = tenant_key(SECRET, "acme")

    assert key.hex() == "79a7abfe4230c5d94a12aab054baea0a8a70413e420a48a4ba777c0a9645ae65"
    assert signature(key, 1_772_361_060, b"{}") == (
        "t=1772361060,v1=e98f1cdbd45e315005c86b8845dbf4c7ead8357b65497550b53ab2b5f1cb91dc"
    )
    assert tenant_key(SECRET, "globex") != key


def test_the_same_record_gives_the_same_body() -> None:
    assert webhook_body(LINES[0]) == webhook_body(LINES[0])


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, "sent"), (201, "sent"), (204, "sent"), (299, "sent"),
        (301, "deferred"), (302, "deferred"), (307, "deferred"),
        (400, "refused"), (401, "refused"), (404, "refused"), (410, "refused"),
        (408, "deferred"), (425, "deferred"), (429, "deferred"),
        (500, "deferred"), (503, "deferred"),
    ],
)  # fmt: skip
async def test_what_a_status_means(status: int, verdict: str) -> None:
    async with receiving(status) as (url, requests, _):
        attempt = await post(url)

    assert attempt.verdict == verdict
    assert len(requests) == 1, "a redirect was followed"


async def test_a_receiver_that_is_down_or_silent_defers() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        down = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert (await post(down)).verdict == "deferred"
        silent.listen()
        assert (await post(down, timeout_s=0.2)).verdict == "deferred"


async def test_without_a_secret_nothing_is_sent() -> None:
    async with receiving() as (url, requests, _):
        attempt = await post(url, secret=None)

    assert (attempt.verdict, len(requests)) == ("refused", 0)
    assert "RATER_WEBHOOK_SECRET is not set" in attempt.detail


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f.1", "localhost", "10.0.0.7", "192.168.1.1", "169.254.169.254",
        "0.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    ],
)  # fmt: skip
async def test_our_own_network_is_out_of_reach(host: str) -> None:
    attempt = await post(f"https://{host}:1/hook", insecure=False)

    assert attempt.verdict == "refused", attempt


async def test_http_goes_nowhere_without_leave() -> None:
    async with receiving() as (url, requests, _):
        attempt = await post(url.replace("127.0.0.1", "example.org"), insecure=False)

    assert (attempt.verdict, len(requests)) == ("refused", 0)
    assert attempt.detail == "webhooks go to https only, not http"


@pytest.mark.parametrize("url", ["https://", "https://:443/", "http://[::1/", "https://a:99999/x"])
async def test_what_is_no_url_is_refused(url: str) -> None:
    assert (await post(url)).verdict == "refused"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("64:ff9b::5db8:d822", True),
        ("224.0.0.1", False), ("255.255.255.255", False), ("100.64.0.1", False), ("198.18.0.1", False),
        ("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False), ("2002:a00:1::", False), ("fe80::1%eth0", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:  # noqa: FBT001
    assert public is is_public(address)


def test_a_name_is_no_literal() -> None:
    check_literal("hooks.acme.example")
    with pytest.raises(ForbiddenAddressError):
        check_literal("127.1")


async def test_one_private_address_among_public_ones_refuses_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Mixed:
        async def resolve(self, host: str, port: int, family: Any) -> list[dict[str, Any]]:
            return [{"host": "93.184.216.34"}, {"host": "10.0.0.1"}]

        async def close(self) -> None:
            """Nothing is open."""

    monkeypatch.setattr(addresses, "ThreadedResolver", Mixed)
    resolver = PublicResolver()
    with pytest.raises(ForbiddenAddressError, match=r"10\.0\.0\.1, not a public address"):
        await resolver.resolve("hooks.acme.example", 443)
    await resolver.close()
