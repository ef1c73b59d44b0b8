"""The mail sink of the demo, as a program: a real process, spoken to over real SMTP."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from email.message import EmailMessage
from smtplib import SMTP, SMTPDataError, SMTPRecipientsRefused
from typing import TYPE_CHECKING

import pytest

from loadtest.smtp_sink import main, read_mailbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def sink(mailbox: Path, *options: str) -> Iterator[int]:
    command = [sys.executable, "-m", "loadtest.smtp_sink", "--mailbox", str(mailbox), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_it_prints_its_port_alone_and_says_beside_what_it_is(tmp_path: Path) -> None:
    mailbox = str(tmp_path / "mails.jsonl")
    command = [sys.executable, "-m", "loadtest.smtp_sink", "--mailbox", mailbox]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=10)

    assert (
        f"smtp_sink: a mail server listens on 127.0.0.1:{int(printed)} and keeps what it gets in {mailbox}\n"
        == said
    )


def mail(number: int) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "rater@rater.example"
    message["To"] = "ada@acme.example"
    message["Subject"] = f"acme\u00a0: {number}"
    message["Message-ID"] = f"<{number}@rater.example>"
    message["X-Rater-Kind"] = "funds_added"
    message["X-Rater-Notification"] = "acme/1/" + "x" * 60
    message.set_content(f".text {number}\n")
    message.add_alternative("<p>text</p>", subtype="html")
    return message


def test_it_keeps_a_line_for_each_mail_that_it_accepts(tmp_path: Path) -> None:
    mailbox = tmp_path / "mailbox.jsonl"
    with sink(mailbox) as port, SMTP("127.0.0.1", port) as client:
        client.send_message(mail(1))
        client.send_message(mail(2))
        lines = mailbox.read_text(encoding="utf-8").splitlines()

    first = json.loads(lines[0])
    assert len(lines) == 2
    assert first["from"] == "rater@rater.example"
    assert first["to"] == ["ada@acme.example"]
    assert first["message_id"] == "<1@rater.example>"
    assert first["subject"] == "acme\u00a0: 1"
    assert first["kind"] == "funds_added"
    assert first["notification_id"] == "acme/1/" + "x" * 60
    assert first["text"] == ".text 1\n"


def test_a_line_that_is_being_written_is_no_mail_yet(tmp_path: Path) -> None:
    mailbox = tmp_path / "mailbox.jsonl"
    assert read_mailbox(mailbox) == []
    mailbox.write_text('{"subject": "un\u2028deux"}\n{"subject": "de')

    assert read_mailbox(mailbox) == [{"subject": "un\u2028deux"}]


def test_it_refuses_what_it_is_told_to_refuse(tmp_path: Path) -> None:
    mailbox = tmp_path / "mailbox.jsonl"
    options = ("--refuse-first", "1", "--unknown", "@gone.example")
    with sink(mailbox, *options) as port, SMTP("127.0.0.1", port) as client:
        with pytest.raises(SMTPDataError) as later:
            client.send_message(mail(1))
        with pytest.raises(SMTPRecipientsRefused):
            client.send_message(mail(2), to_addrs=["eve@gone.example"])
        client.send_message(mail(3))
        lines = mailbox.read_text(encoding="utf-8").splitlines()

    assert later.value.smtp_code == 451
    assert [json.loads(line)["message_id"] for line in lines] == ["<3@rater.example>"]


def test_a_port_that_is_taken_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code = main(["--port", str(port), "--mailbox", str(tmp_path / "mails.jsonl")])

    assert code == 2
    assert capsys.readouterr().err.startswith(f"smtp_sink: 127.0.0.1:{port}, ")
