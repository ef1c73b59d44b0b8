"""The stage of the notifier's tests: a mail sink, a webhook receiver, notifiers to be killed, notifications.

The truth is the sink's mailbox and what the receiver got, never our topics.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from loadtest.rater_command import run
from loadtest.smtp_sink import read_mailbox
from loadtest.watch import watching
from rater.shell.process.failpoints import VARIABLE
from tests.e2e.broker import consume, produce
from tests.e2e.logins import environment, options, session
from topics.catalog import NOTIFICATIONS, NOTIFIER_GROUP, NOTIFIER_SENT, PARTITIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
AT_MS = 1_772_361_060_000
SECRET = "a secret of this test"  # noqa: S105
SHORT_SESSION = session(1.5)
"""Of a notifier that is to be killed: the next one waits for its end."""
PATIENT = ("--session-timeout", "10")
"""Of all others: on a busy machine a short one ends by itself, and what was being sent is sent twice."""
_NOISE = re.compile(r"Traceback|^[\w.]+(Error|Exception)\b|never retrieved|Task was destroyed")
_SERVING = re.compile(r"serving partitions \[([0-9, ]*)\]")
_HEALTH = re.compile(r"metrics and health on (http://\S+)/")


def notice(tenant: str, number: int, *emails: str, **fields: object) -> dict[str, Any]:
    """Return a notification that a balance is used up."""
    return {
        "kind": "balance_exhausted",
        "notification_id": f"{tenant}/{number}/exhausted",
        "tenant_id": tenant,
        "at_ms": AT_MS,
        "currency": "USD",
        "balance_micros": -200_000,
        "emails": list(emails),
        "language": "en",
        "cause_id": f"cdr-{number}",
        **fields,
    }


class Sink:
    """The mail server: a process of its own, so that a message it has promised to keep is in a file."""

    def __init__(self, mailbox: Path, *options: str) -> None:
        """Start it; `port` is the one it listens on."""
        self.mailbox = mailbox
        mailbox.touch()
        command = [sys.executable, "-m", "loadtest.smtp_sink", "--mailbox", str(mailbox), *options]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def mails(self) -> list[dict[str, Any]]:
        """Return what was accepted so far."""
        return read_mailbox(self.mailbox)

    def counts(self) -> Counter[tuple[str, str]]:
        """Count the messages of each (notification, recipient); one never has two Message-IDs."""
        ids: dict[tuple[str, str], set[str]] = {}
        counts: Counter[tuple[str, str]] = Counter()
        for mail in self.mails():
            (recipient,) = mail["to"]
            pair = (mail["notification_id"], recipient)
            counts[pair] += 1
            ids.setdefault(pair, set()).add(mail["message_id"])
        assert all(len(found) == 1 for found in ids.values()), ids
        return counts

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@dataclass
class Hook:
    """What the webhook receiver got, and the statuses it answers a notification with: the last one for ever.

    By the notification, not by the request: a notifier that has lost its partitions for a moment tries anew.
    """

    url: str = ""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    """How long an answer to a notification takes; at once where nothing is said."""

    def answer(self, webhook_id: str) -> int:
        """Return the next status for a notification; 204 for one of which nothing was said."""
        left = self.answers.get(webhook_id, [204])
        return left.pop(0) if len(left) > 1 else left[0]

    def counts(self) -> Counter[str]:
        """Count the requests of each notification."""
        return Counter(headers["webhook-id"] for headers, _ in self.requests)


@contextmanager
def receiving() -> Iterator[Hook]:
    """Run a webhook receiver."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.requests.append((dict(self.headers), body))
            time.sleep(hook.seconds.get(self.headers["webhook-id"], 0.0))
            self.send_response(hook.answer(self.headers["webhook-id"]))
            self.send_header("Location", hook.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Notifier:
    """One notifier process and its log."""

    def __init__(
        self, bootstrap: str, log: Path, port: int, *options: str, failpoint: str = ""
    ) -> None:
        """Start it against a mail server on `port`; `failpoint` as in `rater.shell.process.failpoints`."""
        self.log = log
        command = ["notifier", "--broker", bootstrap]
        command += ["--smtp-host", "127.0.0.1", "--smtp-port", str(port), "--smtp-tls", "none"]
        command += ["--from", "Rater <rater@rater.example>", "--metrics-port", "0"]
        if "--session-timeout" not in options:
            command += [*(SHORT_SESSION if failpoint else PATIENT)]
        command += ["--retry-first", "0.2", "--webhook-allow-insecure"]
        more = {"RATER_WEBHOOK_SECRET": SECRET, **({VARIABLE: failpoint} if failpoint else {})}
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rater", *command, *options], cwd=ROOT,
                env=environment(*command, **more), stdout=out, stderr=out,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def text(self) -> str:
        """Return the log so far."""
        return self.log.read_text(errors="replace")

    def noise(self) -> list[str]:
        """Return the lines that nobody should have to read."""
        return [line for line in self.text().splitlines() if _NOISE.search(line)]

    def serves(self) -> list[int]:
        """Return what it serves, as far as its log tells."""
        found = _SERVING.findall(self.text())
        return [int(n) for n in found[-1].split(",") if n.strip()] if found else []

    def get(self, path: str) -> tuple[int, str]:
        """Ask its HTTP server."""
        address = _HEALTH.findall(self.text())[-1]
        try:
            with urllib.request.urlopen(address + path, timeout=5) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    async def ended(self, timeout_s: float = 60.0) -> int:
        """Wait for the exit code."""
        try:
            return await asyncio.to_thread(self.process.wait, timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still runs\n{self.text()[-3000:]}") from None

    async def terminate(self) -> int:
        """Stop it in order; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    def end(self) -> None:
        """Kill it if it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()


@dataclass
class Stage:
    """A broker with the topics, and what was started on it."""

    bootstrap: str
    folder: Path
    sink: Sink
    hook: Hook
    notifiers: list[Notifier] = field(default_factory=list)

    def start(self, *options: str, failpoint: str = "") -> Notifier:
        """Start one more notifier."""
        log = self.folder / f"notifier-{len(self.notifiers):02}.log"
        notifier = Notifier(self.bootstrap, log, self.sink.port, *options, failpoint=failpoint)
        self.notifiers.append(notifier)
        return notifier

    async def publish(self, *notices: dict[str, Any] | bytes) -> None:
        """Publish notifications, and bytes that are none, each under its tenant's key."""
        records: list[tuple[bytes | None, bytes | None]] = [
            (b"acme", item)
            if isinstance(item, bytes)
            else (item["tenant_id"].encode(), json.dumps(item).encode())
            for item in notices
        ]
        await produce(self.bootstrap, NOTIFICATIONS.name, records)

    async def rewind(self) -> None:
        """Commit offset 0 of every partition, as if the group had forgotten its own; nobody may run."""
        consumer = AIOKafkaConsumer(
            **options(self.bootstrap), group_id=NOTIFIER_GROUP, enable_auto_commit=False
        )
        try:
            await consumer.start()
            places = [TopicPartition(NOTIFICATIONS.name, p) for p in range(PARTITIONS)]
            consumer.assign(places)
            await consumer.commit(dict.fromkeys(places, 0))
        finally:
            await consumer.stop()

    async def done(self, timeout_s: float = 60.0) -> None:
        """Wait until all that lies on the topic is handled, by the offsets of the group."""
        async with watching(self.bootstrap, NOTIFIER_GROUP) as watch:
            try:
                await watch.until_done(NOTIFICATIONS.name, timeout_s=timeout_s)
            except Exception as error:
                raise AssertionError(f"{error}\n{self.notifiers[-1].text()[-3000:]}") from error

    async def marks(self) -> list[dict[str, Any]]:
        """Read the marks."""
        records = await consume(self.bootstrap, NOTIFIER_SENT.name)
        return [json.loads(record.value or b"") for record in records]

    async def letters(self, topic: str) -> list[dict[str, Any]]:
        """Read the dead letters of a topic."""
        return [json.loads(record.value or b"") for record in await consume(self.bootstrap, topic)]


@contextmanager
def staged(bootstrap: str, folder: Path, *sink_options: str) -> Iterator[Stage]:
    """Make the topics, and run a sink and a receiver; kill what still runs in the end."""
    run("topics", "create", "--broker", bootstrap)
    sink = Sink(folder / "mailbox.jsonl", *sink_options)
    try:
        with receiving() as hook:
            stage = Stage(bootstrap, folder, sink, hook)
            try:
                yield stage
            finally:
                stage.sink.stop()  # Perhaps another than the first.
                for notifier in stage.notifiers:
                    notifier.end()
    finally:
        sink.stop()


async def until(condition: Callable[[], object], what: str, timeout_s: float = 60.0) -> None:
    """Wait for a condition."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < timeout_s, f"not in {timeout_s} s: {what}"
        await asyncio.sleep(0.05)
