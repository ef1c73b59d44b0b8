"""A mail server that keeps what it gets: `python -m loadtest.smtp_sink --port 0 --mailbox FILE.jsonl`.

It prints its port, alone, on standard output, and what it is on standard error. Each message that it accepts goes to
the mailbox as one JSON line, flushed to the disk before it answers 250: what a sender was promised is in the file, also
when the sink is killed. `--refuse-first N` answers the first N messages with 451, `--unknown END` addresses with
such an end with 550. It speaks plain SMTP, for tests and the demo; nothing leaves the machine.
"""

import argparse
import asyncio
import email
import json
import os
import signal
import sys
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import IO, Any, Literal

from aiosmtpd.controller import UnthreadedController

from topics.numerals import whole_number

ACCEPTED = "250 2.0.0 kept"
LATER = "451 4.3.0 try again later"
UNKNOWN = "550 5.1.1 no such mailbox"


class Mailbox:
    """The handler that aiosmtpd calls: keeps messages, or refuses the first ones."""

    def __init__(self, file: IO[str], refuse_first: int = 0, unknown: str = "") -> None:
        """Append to `file`; recipients that end with `unknown` are refused for ever."""
        self._file = file
        self._unknown = unknown
        self._refusals_left = refuse_first
        self.kept = 0

    async def handle_RCPT(  # noqa: N802
        self, server: object, session: object, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take a recipient, unless it is one that is unknown here."""
        if self._unknown and address.endswith(self._unknown):
            return UNKNOWN
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 taken"

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
        """Keep one message; the answer is the SMTP reply."""
        if self._refusals_left > 0:
            self._refusals_left -= 1
            return LATER
        self._file.write(json.dumps(mail_of(envelope), ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.kept += 1
        return ACCEPTED


def read_mailbox(path: Path) -> list[dict[str, Any]]:
    """Return the messages that a mailbox holds; the line that is being written is none yet."""
    if not path.is_file():
        return []
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    return [json.loads(line) for line in whole.splitlines()]


def mail_of(envelope: Any) -> dict[str, object]:
    """Return what the mailbox keeps of a message."""
    message = email.message_from_bytes(envelope.content, policy=default)
    return {
        "from": envelope.mail_from,
        "to": envelope.rcpt_tos,
        "message_id": _header(message, "Message-ID"),
        "subject": _header(message, "Subject"),
        "kind": _header(message, "X-Rater-Kind"),
        "notification_id": _header(message, "X-Rater-Notification"),
        "date": _header(message, "Date"),
        "text": _body(message, "plain"),
        "html": _body(message, "html"),
    }


def _header(message: EmailMessage, name: str) -> str | None:
    """Return a header's text; a long one may begin on the line after its name."""
    value = message[name]
    return None if value is None else str(value).strip()


def _body(message: EmailMessage, kind: Literal["plain", "html"]) -> str | None:
    part = message.get_body((kind,))
    return None if part is None else str(part.get_content()).replace("\r\n", "\n")


async def serve(host: str, port: int, mailbox: Path, refuse_first: int, unknown: str) -> None:
    """Serve until SIGTERM or SIGINT; print the port when it listens."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    with mailbox.open("a", encoding="utf-8") as file:
        controller = UnthreadedController(
            Mailbox(file, refuse_first, unknown),
            hostname=host,
            port=port,
            ident="rater smtp sink",
            loop=loop,
        )
        server = await loop.create_server(controller.factory, host=host, port=port)
        found = server.sockets[0].getsockname()[1]
        print(found, flush=True)
        where = f"a mail server listens on {host}:{found} and keeps what it gets in {mailbox}"
        print(f"smtp_sink: {where}", file=sys.stderr, flush=True)
        await stopping.wait()
        server.close()


def main(arguments: list[str] | None = None) -> int:
    """Run the sink; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.smtp_sink", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=whole_number, default=0, help="0 takes a free one (default)")
    parser.add_argument("--mailbox", type=Path, required=True, metavar="FILE")
    parser.add_argument("--refuse-first", type=whole_number, default=0, metavar="N")
    parser.add_argument(
        "--unknown", default="", metavar="END", help="550 for addresses that end so"
    )
    options = parser.parse_args(arguments)
    try:
        asyncio.run(
            serve(
                options.host, options.port, options.mailbox, options.refuse_first, options.unknown
            )
        )
    except OSError as error:
        where = f"{options.host}:{options.port}, {options.mailbox}"
        print(f"smtp_sink: {where}: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
