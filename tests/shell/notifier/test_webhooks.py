"""Webhooks: signed, judged by their status, and kept out of our own network."""

from __future__ import annotations

import json
import re
import socket
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from rater.shell.notifier import addresses
from rater.shell.notifier.addresses import AddressPolicy
from rater.shell.notifier.circuits import FAILURES, Circuits
from rater.shell.notifier.webhook_keys import WebhookSecrets, tenant_key, written_key
from rater.shell.notifier.webhooks import Webhooks, webhook_body
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
        return web.Response(
            status=status,
            headers={"Location": "/elsewhere", "Set-Cookie": "whose=the-first; Path=/"},
        )

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


@asynccontextmanager
async def posting(
    *,
    secrets: WebhookSecrets | None = WebhookSecrets(SECRET),  # noqa: B008
    policy: AddressPolicy = AddressPolicy(is_open=True),  # noqa: B008
    timeout_s: float = 5.0,
) -> AsyncIterator[Webhooks]:
    webhooks = Webhooks(secrets, policy, Circuits(lambda *_: None), timeout_s=timeout_s)
    try:
        yield webhooks
    finally:
        await webhooks.close()


async def post(url: str, **terms: Any) -> Attempt:
    async with posting(**terms) as webhooks:
        return await webhooks.attempt(NOTICE, LINES[0], url, marked)


async def test_a_post_carries_the_notification_and_a_signature_that_its_receiver_can_check() -> (
    None
):
    async with receiving() as (url, requests, bodies):
        attempt = await post(url)

    headers = dict(requests[0].headers)
    verifier = Webhook(written_key(tenant_key(SECRET, NOTICE.tenant_id)))
    assert attempt.verdict == "sent"
    assert verifier.verify(bodies[0], headers) == {"schema_version": 1, **json.loads(LINES[0])}
    assert headers["webhook-id"] == NOTICE.notification_id
    assert headers["Content-Type"] == "application/json"


async def test_while_two_secrets_count_there_is_a_signature_of_each() -> None:
    async with receiving() as (url, requests, bodies):
        await post(url, secrets=WebhookSecrets("new", "old"))

    headers = dict(requests[0].headers)
    for secret in ("new", "old"):
        Webhook(written_key(tenant_key(secret, NOTICE.tenant_id))).verify(bodies[0], headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(written_key(tenant_key("older", NOTICE.tenant_id))).verify(bodies[0], headers)


async def test_what_the_documents_tell_a_receiver_to_do_finds_a_webhook_good_once() -> None:
    page = (Path(__file__).parents[3] / "docs" / "operating" / "webhooks.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    async with receiving() as (url, requests, bodies):
        await post(url)
    key = written_key(tenant_key(SECRET, NOTICE.tenant_id))
    names: dict[str, Any] = {}
    exec(code.replace("whsec_...", key), names)  # noqa: S102  # Our own page.

    handle, headers = names["handle"], dict(requests[0].headers)
    assert [handle(headers, bodies[0]), handle(headers, bodies[0])] == [200, 200]
    assert names["seen"] == {NOTICE.notification_id}
    assert handle(headers, bodies[0] + b" ") == 400


async def test_no_tenant_gets_the_cookies_of_another() -> None:
    async with receiving() as (url, requests, _), posting() as webhooks:
        for tenant in ("acme", "globex"):
            notice = golden("funds_added", tenant_id=tenant)
            # The host of both is the same; a jar would keep what the first was given.
            await webhooks.attempt(notice, LINES[0], url.replace("127.0.0.1", "localhost"), marked)

    assert [None, None] == [request.headers.get("Cookie") for request in requests]


async def test_a_url_that_fails_again_and_again_is_not_asked() -> None:
    async with receiving(503) as (url, requests, _), posting() as webhooks:
        attempts = [
            await webhooks.attempt(NOTICE, LINES[0], url, marked) for _ in range(FAILURES + 3)
        ]
        elsewhere = await webhooks.attempt(
            golden("funds_added", tenant_id="globex"), LINES[0], url, marked
        )

    assert FAILURES + 1 == len(requests)
    assert {"deferred"} == {attempt.verdict for attempt in attempts}
    assert ["circuit"] * 3 == [attempt.code for attempt in attempts[FAILURES:]]
    assert "503" == elsewhere.code


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
        attempt = await post(url, secrets=None)

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
    attempt = await post(f"https://{host}:1/hook", policy=AddressPolicy())

    assert attempt.verdict == "refused", attempt


async def test_http_goes_nowhere_without_leave() -> None:
    async with receiving() as (url, requests, _):
        attempt = await post(url.replace("127.0.0.1", "example.org"), policy=AddressPolicy())

    assert (attempt.verdict, len(requests)) == ("refused", 0)
    assert attempt.detail == "webhooks go to https only, not http"


@pytest.mark.parametrize("url", ["https://", "https://:443/", "http://[::1/", "https://a:99999/x"])
async def test_what_is_no_url_is_refused(url: str) -> None:
    assert (await post(url)).verdict == "refused"


PUBLIC = "93.184.216.34"


class Names:
    """A name server that says something else each time, and what was connected to: nothing goes out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.connected: list[str] = []
        monkeypatch.setattr(addresses, "look_up", self.look_up)
        monkeypatch.setattr("aiohttp.connector.aiohappyeyeballs.start_connection", self.connect)

    def look_up(self, host: str, port: int, family: int) -> list[dict[str, Any]]:
        self.asked += 1
        return [
            {"hostname": host, "host": found, "port": port, "family": socket.AF_INET}
            | {"proto": 6, "flags": socket.AI_NUMERICHOST}
            for found in self.answers.pop(0)
        ]

    async def connect(
        self, addr_infos: list[Any], socket_factory: Any, **_: object
    ) -> socket.socket:
        self.connected += [info[4][0] for info in addr_infos]
        for info in addr_infos:
            socket_factory(info).close()
        raise ConnectionRefusedError


async def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = Names(monkeypatch, [PUBLIC], ["127.0.0.1"])
    attempt = await post("https://rebinding.example/hook", policy=AddressPolicy())

    assert ("deferred", [PUBLIC], 1) == (attempt.verdict, names.connected, names.asked)


async def test_one_private_address_among_public_ones_refuses_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = Names(monkeypatch, [PUBLIC, "10.0.0.1"])
    attempt = await post("https://mixed.example/hook", policy=AddressPolicy())

    assert ("refused", []) == (attempt.verdict, names.connected)


async def test_no_socket_is_made_for_an_address_that_is_not_public(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The resolver is deceived here: the last look is where the socket is made."""
    names = Names(monkeypatch, ["127.0.0.1"])
    policy = AddressPolicy()
    monkeypatch.setattr("rater.shell.notifier.webhooks.PublicResolver", lambda _: Deceived(names))
    attempt = await post("https://deceived.example/hook", policy=policy)

    assert ("refused", ["127.0.0.1"]) == (attempt.verdict, names.connected)


class Deceived:
    """A resolver that looks at nothing."""

    def __init__(self, names: Names) -> None:
        self.names = names

    async def resolve(self, host: str, port: int, family: int) -> list[dict[str, Any]]:
        return self.names.look_up(host, port, family)

    async def close(self) -> None:
        """Nothing is open."""


async def test_what_the_operator_denies_is_out_of_reach_even_for_tests() -> None:
    async with receiving() as (url, requests, _):
        denied = AddressPolicy([ip_network("127.0.0.0/8")], is_open=True)
        by_number = await post(url, policy=denied)
        by_name = await post(url.replace("127.0.0.1", "localhost"), policy=denied)

    assert ["refused", "refused"] == [by_number.verdict, by_name.verdict]
    assert [] == requests
