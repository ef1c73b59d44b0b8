"""The truth: what the provider captured and the mail server got, held against the topics.

The provider's book and the mailbox are not ours: what the topics say is what is judged. Every problem is a sentence.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from loadtest.circle.services import Circle
from loadtest.smtp_sink import read_mailbox
from loadtest.topic_log import read
from topics import catalog

Value = dict[str, Any]
FINAL = ("succeeded", "declined")


@dataclass(slots=True)
class Evidence:
    """All that was written, by us and by others; values in the order of their partition."""

    captures: list[tuple[str, str, str, int]] = field(default_factory=list)
    """(payment id, command id, tenant, micros) of what the provider captured."""
    mails: list[Value] = field(default_factory=list)
    commands: list[tuple[int, Value]] = field(default_factory=list)
    """Payment commands with the time of their record, ms."""
    results: list[tuple[int, Value]] = field(default_factory=list)
    folded: set[str] = field(default_factory=set)
    """Notifications of which the mail on another threshold of the same occasion tells."""
    notices: list[Value] = field(default_factory=list)
    credits: list[Value] = field(default_factory=list)
    """Ledger entries of lots that a recharge opened."""
    reversals: dict[str, int] = field(default_factory=dict)
    """What the provider took back of each payment in the end, less what came back, micros."""
    reversed: list[Value] = field(default_factory=list)
    """Ledger entries of payments reversed and restored."""


async def gather(circle: Circle) -> Evidence:
    """Read the book, the mailbox and the topics."""
    evidence = Evidence(
        captures=read_book(circle.book),
        reversals=read_reversals(circle.book),
        mails=read_mailbox(circle.mailbox),
    )
    bootstrap = circle.bootstrap
    async for record in read(bootstrap, catalog.PAYMENT_COMMANDS.name):
        evidence.commands.append((record.timestamp_ms, orjson.loads(record.value or b"null")))
    async for record in read(bootstrap, catalog.PAYMENT_RESULTS.name):
        evidence.results.append((record.timestamp_ms, orjson.loads(record.value or b"null")))
    async for record in read(bootstrap, catalog.NOTIFICATIONS.name):
        evidence.notices.append(orjson.loads(record.value or b"null"))
    async for record in read(bootstrap, catalog.NOTIFIER_SENT.name):
        mark = orjson.loads(record.value or b"null")
        if mark["state"] == "folded":
            evidence.folded.add(mark["notification_id"])
    async for record in read(bootstrap, catalog.LEDGER.name):
        entry = orjson.loads(record.value or b"null")
        if entry["kind"] == "funds_added" and "recharge_seq" in entry:
            evidence.credits.append(entry)
        if entry["kind"] in ("payment_reversed", "payment_restored"):
            evidence.reversed.append(entry)
    return evidence


def read_book(path: Path) -> list[tuple[str, str, str, int]]:
    """Return what the provider has captured."""
    return _query(
        path,
        "SELECT payment_id, command_id, tenant_id, amount_micros FROM payments WHERE status = 'captured'",
    )


def read_reversals(path: Path) -> dict[str, int]:
    """Return what the provider has not any more of each payment, once all that it will do is done."""
    query = "SELECT payment_id, amount_micros, returned_at_ms IS NULL FROM reversals"
    sums: dict[str, int] = defaultdict(int)
    for payment, micros, is_kept in _query(path, query):
        sums[payment] += micros if is_kept else 0
    return dict(sums)


def _query(path: Path, query: str) -> list[Any]:
    if not path.is_file():
        return []
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def problems(evidence: Evidence, *, doubtful_mails: int = 0) -> list[str]:
    """Hold everything against everything; `doubtful_mails` may have come twice, where SMTP cannot promise."""
    return [
        *_money(evidence),
        *_reversals(evidence),
        *_in_flight(evidence),
        *_notices(evidence),
        *_mails(evidence, doubtful_mails),
    ]


def open_commands(evidence: Evidence) -> list[str]:
    """Return the commands that no result has ended yet."""
    ended = {result["command_id"] for _, result in evidence.results if result["outcome"] in FINAL}
    sent = dict.fromkeys(command["command_id"] for _, command in evidence.commands)
    return [command_id for command_id in sent if command_id not in ended]


def _money(evidence: Evidence) -> Iterator[str]:
    """Each capture is credited once, to the micro, and nothing else is."""
    per_command = Counter(command_id for _, command_id, _, _ in evidence.captures)
    for command_id, times in per_command.items():
        if times > 1:
            yield f"the provider captured {command_id} {times} times"
    captured = {payment: (tenant, micros) for payment, _, tenant, micros in evidence.captures}
    credited = Counter(entry["lot"]["lot_id"] for entry in evidence.credits)
    for entry in evidence.credits:
        lot = entry["lot"]
        found = (entry["tenant_id"], lot["granted_micros"])
        if captured.get(lot["lot_id"]) != found:
            yield f"credited {found} as {lot['lot_id']}, captured {captured.get(lot['lot_id'])}"
    for payment, (tenant, micros) in captured.items():
        if credited[payment] != 1:
            yield f"captured {micros} of {tenant} as {payment}, credited {credited[payment]} times"


def unposted(evidence: Evidence) -> list[str]:
    """Return the payments whose account does not have what the provider has taken back, or not yet."""
    posted: dict[str, int] = dict.fromkeys(evidence.reversals, 0)
    for entry in evidence.reversed:
        sign = 1 if entry["kind"] == "payment_reversed" else -1
        payment = entry["payment_id"]
        posted[payment] = posted.get(payment, 0) + sign * entry["moved_micros"]
    return [
        payment
        for payment, micros in posted.items()
        if evidence.reversals.get(payment, 0) != micros
    ]


def unheard(evidence: Evidence) -> list[str]:
    """Return the payments of which money moves back, and nothing of it is on the ledger yet.

    What came back whole before its credit was there leaves nothing on the ledger: the account is asked for the
    difference (A25), which is none.
    """
    heard = {entry["payment_id"] for entry in evidence.reversed}
    back = {
        result["payment_id"]
        for _, result in evidence.results
        if result["outcome"] == "restored"
        and result["restored_micros"] == result["reversed_micros"]
    }
    return [payment for payment in evidence.reversals if payment not in heard | back]


def _reversals(evidence: Evidence) -> Iterator[str]:
    """Hold what was taken back of each capture against its account; every entry of it is told once."""
    for payment in unposted(evidence):
        taken = evidence.reversals.get(payment)
        yield f"the provider has taken back {taken} of {payment}, the account says otherwise"
    told = Counter(
        (n["kind"], n["lot_id"])
        for n in evidence.notices
        if n["kind"] in ("payment_reversed", "payment_restored")
    )
    entered = Counter((entry["kind"], entry["payment_id"]) for entry in evidence.reversed)
    for (kind, payment), times in entered.items():
        if told[kind, payment] != times:
            yield f"{kind} of {payment}: {times} entries, told {told[kind, payment]} times"


def _in_flight(evidence: Evidence) -> Iterator[str]:
    """Whenever a new command went out, every one before it of the same tenant had its result."""
    ended: dict[str, int] = {}
    for at_ms, result in evidence.results:
        if result["outcome"] in FINAL:
            ended[result["command_id"]] = min(at_ms, ended.get(result["command_id"], at_ms))
    sent: dict[str, dict[str, Value]] = defaultdict(dict)
    for at_ms, command in evidence.commands:
        before = sent[command["tenant_id"]]
        known = before.setdefault(command["command_id"], command)
        if known != command:
            yield f"{command['command_id']} was sent again in other words"
        for other in before:
            if other != command["command_id"] and ended.get(other, at_ms + 1) > at_ms:
                yield f"{command['command_id']} was sent while {other} was in flight"


def _notices(evidence: Evidence) -> Iterator[str]:
    """One notification a transition: an id comes once, and each credit is told once."""
    ids = Counter(notice["notification_id"] for notice in evidence.notices)
    for notification_id, times in ids.items():
        if times > 1:
            yield f"notification {notification_id} was written {times} times"
    told = Counter(n["lot_id"] for n in evidence.notices if n["kind"] == "funds_added")
    for payment, _, tenant, _ in evidence.captures:
        if told[payment] != 1:
            yield f"the capture {payment} of {tenant} was told {told[payment]} times"


def _mails(evidence: Evidence, doubtful: int) -> Iterator[str]:
    """Every notification reached every recipient; what came twice came with one Message-ID."""
    got: dict[tuple[str, str], list[str]] = defaultdict(list)
    for mail in evidence.mails:
        for recipient in mail["to"]:
            got[mail["notification_id"], recipient].append(mail["message_id"])
    again = sum(len(names) - 1 for names in got.values())
    if again > doubtful:
        yield f"{again} mails came again, at most {doubtful} were in doubt"
    for (notification_id, _), names in got.items():
        if len(set(names)) > 1:
            yield f"{notification_id} went out under {len(set(names))} Message-IDs"
    wanted = {(n["notification_id"], each) for n in evidence.notices for each in n["emails"]}
    occasions = {n["notification_id"]: _occasion(n) for n in evidence.notices}
    reached = {(occasions.get(name), each) for name, each in got}
    for notification_id, each in wanted - got.keys():
        is_told = (occasions[notification_id], each) in reached
        if notification_id not in evidence.folded or not is_told:
            yield f"{notification_id} did not reach its recipient"
    for notification_id, _ in got.keys() - wanted:
        yield f"a mail names {notification_id}, which nobody wrote"


def _occasion(notice: Value) -> tuple[object, ...]:
    """Return what the letters on several thresholds have in common when they are one."""
    return notice["kind"], notice["tenant_id"], notice["at_ms"], notice.get("cause_id")


def mails_again(evidence: Evidence) -> int:
    """Return how many mails came once more, under the same Message-ID."""
    return len(evidence.mails) - len({mail["message_id"] for mail in evidence.mails})
