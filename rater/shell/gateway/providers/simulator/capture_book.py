"""The capture book: the simulator's own record of payments, which tests hold against the topics.

An SQLite file, so that it outlives any process, and several gateways share it. To read it, with no code of ours:

    SELECT command_id, payment_id, tenant_id, amount_micros, currency FROM payments WHERE status = 'captured'
    SELECT payment_id, kind, amount_micros, taken_at_ms, returned_at_ms FROM reversals  -- refunds and disputes

As with a real provider, `keys` (idempotency) may be forgotten (`DELETE FROM keys`); `payments` never are, and a
command that was charged twice has two rows there.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

from topics.records.payments import PaymentOrder

BUSY_TIMEOUT_S = 20.0
OWNER_ONLY = 0o600

_TABLES = """
CREATE TABLE IF NOT EXISTS payments (
    payment_id TEXT PRIMARY KEY,
    command_id TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    recharge_id TEXT NOT NULL,
    method TEXT NOT NULL,
    amount_micros INTEGER NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('captured', 'declined')),
    code TEXT NOT NULL,
    made_at_ms INTEGER NOT NULL,
    captured_at_ms INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS payments_by_command ON payments (command_id);
CREATE TABLE IF NOT EXISTS keys (
    command_id TEXT PRIMARY KEY,
    payment_id TEXT NOT NULL,
    calls INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS steps (
    tenant_id TEXT NOT NULL,
    method TEXT NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, method)
) STRICT;
CREATE TABLE IF NOT EXISTS reversals (
    reversal_id TEXT PRIMARY KEY,
    payment_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('refund', 'dispute')),
    amount_micros INTEGER NOT NULL,
    taken_at_ms INTEGER NOT NULL,
    returned_at_ms INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS reversals_by_payment ON reversals (payment_id);
CREATE TABLE IF NOT EXISTS messages (
    message_id INTEGER PRIMARY KEY,
    payment_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('as_it_is', 'stale_decline', 'moved_back')),
    due_ms INTEGER NOT NULL,
    told INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS messages_due ON messages (due_ms) WHERE told = 0;
"""

_COLUMNS = (
    "payment_id, command_id, tenant_id, amount_micros, currency, status, code, captured_at_ms"
)

MessageKind = Literal["as_it_is", "stale_decline", "moved_back"]


class Payment(NamedTuple):
    """One payment of the book; `captured_at_ms` may lie ahead, None when declined."""

    payment_id: str
    command_id: str
    tenant_id: str
    amount_micros: int
    currency: str
    status: str
    code: str
    captured_at_ms: int | None


class Reversal(NamedTuple):
    """A refund or a dispute of the book; its times may lie ahead, None: the money does not come back."""

    reversal_id: str
    payment_id: str
    kind: Literal["refund", "dispute"]
    amount_micros: int
    taken_at_ms: int
    returned_at_ms: int | None = None


class Terms(NamedTuple):
    """How a payment ends: captured at a time, or (None) declined by a code."""

    amount_micros: int
    currency: str
    code: str = ""
    captured_at_ms: int | None = None


def _make_private(path: Path) -> None:
    """Make the file, and take it and what SQLite keeps beside it from group and others."""
    # SQLite gives `-wal` and `-shm` the mode of the file itself; those of before may have another.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY))
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        with suppress(FileNotFoundError):
            each.chmod(OWNER_ONLY)


class CaptureBook:
    """The book. Every use is one transaction of `writing`; SQLite's lock keeps processes apart."""

    def __init__(self, path: Path) -> None:
        """Open the book, and make it if it is not there; sqlite3.Error or OSError where that cannot be done.

        It is its owner's alone, from before its first byte.
        """
        _make_private(path)
        self._db = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        self._db.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing with NORMAL; only a fallen machine would.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Do something as a whole or not at all, alone."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def payments_of(self, command_id: str) -> list[Payment]:
        """Return the payments of a command, oldest first."""
        return self._payments("command_id = ? ORDER BY rowid", command_id)

    def payments(self) -> list[Payment]:
        """Return all payments, oldest first."""
        return self._payments("1 ORDER BY rowid")

    def replay(self, command_id: str) -> Payment | None:
        """Return the payment that a key stands for, and count the call; None where the key is not known."""
        row = self._db.execute(
            "UPDATE keys SET calls = calls + 1 WHERE command_id = ? RETURNING payment_id",
            (command_id,),
        ).fetchone()
        return None if row is None else self._payments("payment_id = ?", row[0])[0]

    def next_step(self, tenant_id: str, method: str) -> int:
        """Use up a step; return its number, from 0."""
        row = self._db.execute(
            "INSERT INTO steps VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET used = used + 1 RETURNING used",
            (tenant_id, method),
        ).fetchone()
        return int(row[0]) - 1

    def write(self, command: PaymentOrder, terms: Terms, now_ms: int) -> Payment:
        """Write a payment under the command's key."""
        number = len(self.payments_of(command.command_id))
        digest = sha256(f"{command.command_id}/{number}".encode()).hexdigest()
        payment_id, status = f"sim_{digest[:24]}", "captured"
        if terms.captured_at_ms is None:
            status = "declined"
        payment = Payment(
            payment_id, command.command_id, command.tenant_id, terms.amount_micros,
            terms.currency, status, terms.code, terms.captured_at_ms,
        )  # fmt: skip
        names = f"{_COLUMNS}, recharge_id, method, made_at_ms"
        values = (*payment, command.recharge_id, command.method, now_ms)
        marks = ", ".join("?" * len(values))
        self._db.execute(f"INSERT INTO payments ({names}) VALUES ({marks})", values)  # noqa: S608
        self._db.execute("INSERT INTO keys VALUES (?, ?, 1)", (command.command_id, payment_id))
        return payment

    def promise(self, payment_id: str, kind: MessageKind, due_ms: int) -> None:
        """Note what is to be told of a payment, and when."""
        self._db.execute(
            "INSERT INTO messages (payment_id, kind, due_ms) VALUES (?, ?, ?)",
            (payment_id, kind, due_ms),
        )

    def take_back(self, reversal: Reversal) -> None:
        """Write a refund or a dispute."""
        self._db.execute("INSERT INTO reversals VALUES (?, ?, ?, ?, ?, ?)", reversal)

    def reversals_of(self, payment_id: str) -> list[Reversal]:
        """Return the refunds and disputes of a payment, oldest first."""
        rows = self._db.execute(
            "SELECT * FROM reversals WHERE payment_id = ? ORDER BY taken_at_ms", (payment_id,)
        )
        return [Reversal(*row) for row in rows]

    def messages_due(self, now_ms: int) -> list[tuple[int, MessageKind, Payment]]:
        """Return what is to be told now and has not been."""
        rows = self._db.execute(
            "SELECT message_id, kind, payment_id FROM messages WHERE told = 0 AND due_ms <= ? ORDER BY due_ms",
            (now_ms,),
        ).fetchall()
        return [
            (number, kind, self._payments("payment_id = ?", payment_id)[0])
            for number, kind, payment_id in rows
        ]

    def told(self, message_id: int) -> None:
        """Note that a message has been told."""
        self._db.execute("UPDATE messages SET told = 1 WHERE message_id = ?", (message_id,))

    def _payments(self, condition: str, *values: str) -> list[Payment]:
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM payments WHERE {condition}",  # noqa: S608  # Ours alone.
            values,
        )
        return [Payment(*row) for row in rows]
