"""The poison corpus: records that no call platform should send, and what becomes of each.

`cases.jsonl` is the index. A case is one record: `file` holds the exact bytes of its value (null: a tombstone), `made`
names a value too large to be stored. It says on which topic the case ends, and with what reason: that of a dead letter
or a suspense record; of a ledger entry the reason it is free or refused, else its outcome or kind; `duplicate` and
`accepted` leave no record, they are counted. `accounts.jsonl` holds the commands that must come before.

All calls of the corpus are of one day; a test on a real broker moves them to a day of its own (`at_day`).
"""

import base64
import hashlib
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from topics.catalog import ACCOUNT_COMMANDS, CDR_RAW, DEAD, LEDGER, PARTITIONS, SUSPENSE
from topics.partitioner import partition_of

FOLDER = Path(__file__).parent
DAY = "2026-03-01"
NEIGHBOURS = {partition_of(name.encode(), PARTITIONS): name for name in ("acme", "globex-15")}
"""A tenant with good CDRs in each partition that has poison."""
COUNTED = ("duplicate", "accepted")
KEPT_MAX = 65_536
"""Bytes of a value that a dead letter keeps."""


@dataclass(frozen=True)
class Case:
    """One record and its end; `wanted` is False for the good ones in between."""

    name: str
    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    ends_on: str
    reason: str
    field: str | None = None

    def at_day(self, day: str) -> "Case":
        """Return the case with its calls on another day, written like DAY."""
        moved = None if self.value is None else self.value.replace(DAY.encode(), day.encode())
        return replace(self, value=moved)


@dataclass(frozen=True)
class End:
    """Where a record has come out, with what reason, and the bytes that were kept of it."""

    ends_on: str
    reason: str
    field: str | None = None
    kept_value: bytes | None = None
    kept_key: bytes | None = None
    digest: str | None = None

    def keeps(self, case: Case) -> bool:
        """Say whether a dead letter keeps of a case what it must."""
        value = case.value
        is_cut = value is not None and len(value) > KEPT_MAX
        digest = hashlib.sha256(value).hexdigest() if value is not None and is_cut else None
        kept = value[:KEPT_MAX] if value is not None else None
        return (self.kept_key, self.kept_value, self.digest) == (case.key, kept, digest)


def read_accounts() -> list[Case]:
    """Return the commands that open and fund the corpus's accounts."""
    lines = (FOLDER / "accounts.jsonl").read_bytes().splitlines()
    return [_accepted_command(json.loads(line), "account") for line in lines]


def read_cases(*topics: str) -> list[Case]:
    """Return the cases of some topics, in order: some follow from those before."""
    lines = (FOLDER / "cases.jsonl").read_text().splitlines()
    return [_case(line) for line in map(json.loads, lines) if line["topic"] in topics]


def with_neighbours(cases: list[Case]) -> Iterator[Case]:
    """Yield the cases with a good record before the first and after each, in its partition."""
    for partition in NEIGHBOURS:
        yield _good(cases[0].topic, partition, f"good-{partition}")
    for case in cases:
        yield case
        yield _good(case.topic, case.partition, f"good-after-{case.name}")


def end_of(topic: str, record: bytes) -> tuple[tuple[str, int, int], End]:
    """Return which record an output is about (its topic, partition, offset), and the end it shows."""
    output = json.loads(record)
    place = (output["source_topic"], output["source_partition"], output["source_offset"])
    if topic == DEAD.name:
        value, key = (_unpack(output.get(name)) for name in ("value_b64", "key_b64"))
        digest = output.get("value_sha256")
        return place, End(topic, output["reason"], output.get("field"), value, key, digest)
    if topic == SUSPENSE.name:
        return place, End(topic, output["reason"], None, output["cdr"].encode())
    shown = _entry_reason(output)
    return place, End(topic, shown)


def _entry_reason(entry: dict[str, Any]) -> str:
    """Return why an entry says what it says; a reason of an operator's own words is none."""
    if entry["kind"] in {"charge", "command_rejected"} and entry.get("reason"):
        return str(entry["reason"])
    return str(entry.get("outcome", entry["kind"]))


def _case(line: dict[str, Any]) -> Case:
    key = base64.b64decode(line["key_b64"]) if "key_b64" in line else _bytes(line["key"])
    if "made" in line:
        value: bytes | None = MADE[line["made"]](line["name"])
    else:
        value = None if line["file"] is None else (FOLDER / line["file"]).read_bytes()
    return Case(
        line["name"],
        line["topic"],
        line["partition"],
        key,
        value,
        line["ends_on"],
        line["reason"],
        line.get("field"),
    )


def _accepted_command(command: dict[str, Any], name: str) -> Case:
    tenant = command["tenant_id"].encode()
    partition = partition_of(tenant, PARTITIONS)
    kinds = {"open_account": "account_opened", "add_funds": "funds_added", "adjust": "adjusted"}
    kind = kinds.get(command["type"], "account_closed")
    value = json.dumps(command).encode()
    return Case(name, ACCOUNT_COMMANDS.name, partition, tenant, value, LEDGER.name, kind)


def _good(topic: str, partition: int, name: str) -> Case:
    tenant = NEIGHBOURS[partition]
    if topic == CDR_RAW.name:
        value = json.dumps(_cdr(name, tenant_id=tenant)).encode()
        return Case(name, topic, partition, tenant.encode(), value, LEDGER.name, "rated")
    funds = {
        "type": "add_funds",
        "command_id": name,
        "tenant_id": tenant,
        "lot_id": f"lot-{name}",
        "amount_micros": 1_000_000,
        "currency": "USD",
        "purchased_at": f"{DAY}T09:00:00Z",
    }
    return _accepted_command(funds, name)


def _cdr(cdr_id: str, /, **changes: object) -> dict[str, object]:
    return {
        "cdr_id": cdr_id,
        "tenant_id": "acme",
        "direction": "out",
        "to": "+33612345678",
        "started_at": f"{DAY}T10:00:00Z",
        "answered_at": f"{DAY}T10:00:05Z",
        "ended_at": f"{DAY}T10:01:05Z",
        "billsec": 60,
        "usage_country": "FR",
        **changes,
    }


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def _unpack(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


SIZE = 60_000
"""Just below what is read of a record."""
BOMB = 3_000_000


def _large(name: str, field: str) -> bytes:
    return json.dumps(_cdr(name, **{field: "x" * SIZE})).encode()


def _with_note(name: str, note: bytes, **changes: object) -> bytes:
    return json.dumps(_cdr(name, **changes)).encode()[:-1] + b', "note": ' + note + b"}"


def _many_fields(name: str) -> bytes:
    fields = b", ".join(b'"%d": 1' % number for number in range(5_000))
    return json.dumps(_cdr(name)).encode()[:-1] + b", " + fields + b"}"


MADE: dict[str, Callable[[str], bytes]] = {
    "large_note": lambda name: _large(name, "note"),
    "large_cdr_id": lambda name: _large(name, "cdr_id"),
    "large_from": lambda name: _large(name, "from"),
    "brackets": lambda _: b"[" * SIZE,
    "nested_note": lambda name: _with_note(
        name, b'{"a":' * (SIZE // 6) + b"1" + b"}" * (SIZE // 6)
    ),
    "many_fields": _many_fields,
    "quotes_without_price": lambda name: _with_note(
        name, b'"' + rb"\"" * (SIZE // 2) + b'"', to="+999123456"
    ),
    "noise": lambda name: random.Random(name).randbytes(SIZE),
    "blanks": lambda _: b" " * BOMB,
    "some_blanks": lambda _: b" " * (BOMB // 6),
    "nested_bomb": lambda name: _with_note(
        name, b"[" + b", ".join([b'{"a": [[], {}]}'] * (BOMB // 17)) + b"]"
    ),
    "wide_bomb": lambda name: json.dumps(_cdr(name, note="x" * BOMB)).encode(),
    "branches": lambda name: _with_note(name, b"[" + b",".join([b"[]"] * (SIZE // 3)) + b"]"),
}
"""Values too large to be stored."""
