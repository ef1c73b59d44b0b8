"""E-mail by SMTP: what each answer means, when the mark is asked for, how connections and TLS are used."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from rater.shell.notifier import mailer as mailer_module
from rater.shell.notifier.mailer import Mailer
from rater.shell.notifier.message import read_sender, write_message
from rater.shell.notifier.settings import SmtpSettings
from tests.shell.notifier.notices import golden
from tests.shell.notifier.scripted_smtp import HANG_UP, SILENCE, scripted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from rater.shell.notifier.attempt import Attempt
    from tests.shell.notifier.scripted_smtp import ScriptedServer

ADA = "ada@acme.example"
SENDER = read_sender("Rater <rater@rater.example>")
NOTICE = golden("funds_added")


class Marks:
    """Counts how often the mark was asked for, and what had been said by then."""

    def __init__(self, server: ScriptedServer | None = None) -> None:
        self.server = server
        self.asked: list[list[str]] = []

    async def __call__(self) -> None:
        self.asked.append([line.split(" ")[0] for line in self.server.said] if self.server else [])


@asynccontextmanager
async def mailing(port: int, **settings: Any) -> AsyncIterator[Mailer]:
    chosen: dict[str, Any] = {"host": "127.0.0.1", "tls": "none", "timeout_s": 0.5, **settings}
    mailer = Mailer(SmtpSettings(port=port, **chosen), SENDER)
    try:
        yield mailer
    finally:
        await mailer.close()


async def send(mailer: Mailer, marks: Marks | None = None, address: str = ADA) -> Attempt:
    return await mailer.attempt(NOTICE, b"", address, marks or Marks())


async def test_a_mail_is_marked_after_rcpt_and_before_data_and_sent_as_it_was_written() -> None:
    async with scripted() as server, mailing(server.port) as mailer:
        marks = Marks(server)
        attempt = await send(mailer, marks)

    assert attempt.verdict == "sent"
    assert marks.asked == [["EHLO", "MAIL", "RCPT"]]
    assert "RCPT TO:<ada@acme.example>" in server.said
    assert server.messages == [write_message(NOTICE, ADA, SENDER) + b".\r\n"]


@pytest.mark.parametrize(
    ("verb", "answer", "verdict", "marked"),
    [
        ("greeting", "421 too busy", "deferred", 0),
        ("greeting", "554 go away", "deferred", 0),
        ("greeting", HANG_UP, "deferred", 0),
        ("greeting", SILENCE, "deferred", 0),
        ("MAIL", "451 later", "deferred", 0),
        ("MAIL", "550 not you", "deferred", 0),
        ("MAIL", HANG_UP, "deferred", 0),
        ("RCPT", "450 greylisted", "deferred", 0),
        ("RCPT", "550 5.1.1 <ada@acme.example> unknown", "refused", 0),
        ("RCPT", HANG_UP, "deferred", 0),
        ("DATA", "451 later", "deferred", 1),
        ("DATA", "554 not that", "refused", 1),
        ("message", "451 later", "deferred", 1),
        ("message", "552 too large", "refused", 1),
        ("message", HANG_UP, "in_doubt", 1),
        ("message", SILENCE, "in_doubt", 1),
    ],
)
async def test_what_an_answer_means(verb: str, answer: str, verdict: str, marked: int) -> None:
    async with scripted() as server, mailing(server.port) as mailer:
        server.script(verb, answer)
        marks = Marks()
        attempt = await send(mailer, marks)
        again = await send(mailer)

    assert (attempt.verdict, len(marks.asked)) == (verdict, marked)
    assert again.verdict == "sent"
    assert ADA not in attempt.detail + attempt.code


async def test_a_server_that_is_down_defers() -> None:
    async with scripted() as server:
        pass
    async with mailing(server.port) as mailer:
        attempt = await send(mailer)

    assert attempt.verdict == "deferred"


async def test_a_connection_is_used_for_several_mails_and_replaced_when_it_is_gone() -> None:
    async with scripted() as server, mailing(server.port) as mailer:
        for _ in range(3):
            assert (await send(mailer)).verdict == "sent"
        assert server.connections == 1
        server.script("RSET", HANG_UP)
        assert (await send(mailer)).verdict == "sent"
        assert server.connections == 2


async def test_a_connection_takes_no_more_than_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailer_module, "MAILS_MAX", 2)
    async with scripted() as server, mailing(server.port) as mailer:
        for _ in range(5):
            assert (await send(mailer)).verdict == "sent"
        assert server.connections == 3


async def test_a_letter_that_cannot_be_written_is_a_value() -> None:
    async with mailing(1) as mailer:
        attempt = await mailer.attempt(golden("funds_added", language="tlh"), b"", ADA, Marks())

    assert attempt.verdict == "unreadable"


async def test_a_mark_that_fails_sends_nothing_and_leaves_no_connection_behind() -> None:
    async def fail() -> None:
        raise ConnectionError("no broker")

    async with scripted() as server, mailing(server.port) as mailer:
        with pytest.raises(ConnectionError, match="no broker"):
            await mailer.attempt(NOTICE, b"", ADA, fail)
        assert server.messages == []
        assert (await send(mailer)).verdict == "sent"
        assert server.connections == 2


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for localhost that signs itself."""
    folder = tmp_path_factory.mktemp("tls")
    pem = folder / "pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", folder / "key", "-out", folder / "crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    pem.write_bytes((folder / "key").read_bytes() + (folder / "crt").read_bytes())
    return pem


class Kept:
    """A handler that keeps what it gets."""

    def __init__(self) -> None:
        self.mails = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails += 1
        return "250 kept"


def only_ada(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"ada", b"secret"), handled=False)


@asynccontextmanager
async def secured(certificate: Path, mode: str) -> AsyncIterator[tuple[int, Kept]]:
    """Run a server with STARTTLS or TLS that wants a password."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    kept = Kept()
    options: dict[str, Any] = {"authenticator": only_ada, "auth_required": True}
    if mode == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    else:
        options |= {"auth_require_tls": False}
    listening = await asyncio.get_running_loop().create_server(
        lambda: SMTP(kept, hostname="localhost", **options),
        "127.0.0.1", 0, ssl=context if mode == "tls" else None,
    )  # fmt: skip
    try:
        yield listening.sockets[0].getsockname()[1], kept
    finally:
        listening.close()


@pytest.mark.filterwarnings(
    "ignore:Requiring AUTH"
)  # aiosmtpd warns of what a server should not do.
@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_tls_is_spoken_the_certificate_checked_and_the_password_used(
    certificate: Path, mode: str
) -> None:
    async with secured(certificate, mode) as (port, kept):
        trusting = {"tls": mode, "ca_file": str(certificate), "user": "ada", "timeout_s": 5.0}
        async with mailing(port, **trusting, password="secret") as mailer:  # noqa: S106
            assert (await send(mailer)).verdict == "sent"
        async with mailing(port, **trusting, password="wrong") as mailer:  # noqa: S106
            refused = await send(mailer)
        async with mailing(port, **{**trusting, "ca_file": None}, password="secret") as mailer:  # noqa: S106
            untrusted = await send(mailer)

    assert kept.mails == 1
    assert refused.verdict == "deferred"
    assert refused.code.startswith("connect 535")
    assert untrusted.verdict == "deferred"


async def test_without_starttls_at_the_server_nothing_is_sent_in_clear() -> None:
    async with scripted() as server, mailing(server.port, tls="starttls") as mailer:
        attempt = await send(mailer)

    assert attempt.verdict == "deferred"
    assert not [line for line in server.said if line.startswith("MAIL")]
