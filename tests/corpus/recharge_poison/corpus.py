"""The poison corpus of recharge: records of its three sources that nobody should send, and what becomes of each.

`cases.jsonl` is the index. A case is one record: `value` is its text (null: a tombstone), `value_b64` its bytes, or
`made` names a value too large to be stored. In it @tenant@, @command@, @recharge@, @payment@, @other@, @other_command@
and @now@ stand for what the test has. `ends_on` is a topic, with the reason there, or `counted`: it leaves no record
about itself, its outcome is counted.

Every case has a tenant of its own, whose payment command is in flight. `sent` says whether it comes before (as most)
or after the good result of that command; either way that result must be credited once.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topics.catalog import PARTITIONS, PAYMENT_QUARANTINE, RECHARGE_DEAD
from topics.partitioner import partition_of

FOLDER = Path(__file__).parent
KEPT_MAX = 65_536
"""Bytes of a value that a dead letter keeps."""
COUNTED = "counted"
OTHER = "neighbour"
"""The tenant whose key and command the strays bear."""


@dataclass(frozen=True)
class Case:
    """One record and its end."""

    name: str
    topic: str
    text: bytes | None
    ends_on: str
    reason: str
    field: str | None
    key_text: str | None
    partition_off: int
    is_after: bool
    is_large: bool

    @property
    def tenant(self) -> str:
        """Its tenant."""
        return f"t-{self.name}"[:64]

    @property
    def partition(self) -> int:
        """Where it is sent."""
        home = self.tenant if self.key_text in (None, "@tenant@", "@other@") else self.key_text
        return (partition_of(home.encode(), PARTITIONS) + self.partition_off) % PARTITIONS

    @property
    def key(self) -> bytes | None:
        """The key that it is sent with."""
        if self.key_text is None:
            return None
        return self.key_text.replace("@tenant@", self.tenant).replace("@other@", OTHER).encode()

    def value(self, command: dict[str, Any], other_command: str, now_ms: int) -> bytes | None:
        """Return its bytes, for the payment command that is in flight."""
        if self.text is None:
            return None
        said = {
            "@tenant@": self.tenant,
            "@command@": command["command_id"],
            "@recharge@": command["recharge_id"],
            "@payment@": payment_of(command),
            "@other@": OTHER,
            "@other_command@": other_command,
            "@now@": str(now_ms),
        }
        value = self.text
        for mark, word in said.items():
            value = value.replace(mark.encode(), word.encode())
        return value


@dataclass(frozen=True)
class End:
    """Where a record has come out, with what reason, and what was kept of it."""

    ends_on: str
    reason: str
    field: str | None
    kept_value: bytes | None


def payment_of(command: dict[str, Any]) -> str:
    """Return the id of the payment that a command leads to."""
    return f"pay/{command['command_id']}"


def good_result(command: dict[str, Any], now_ms: int) -> bytes:
    """Return the result that a payment command waits for."""
    told = {
        "outcome": "succeeded",
        "command_id": command["command_id"],
        "tenant_id": command["tenant_id"],
        "at_ms": now_ms,
        "provider": "good",
        "mode": "test",
        "payment_id": payment_of(command),
        "amount_micros": command["amount_micros"],
        "currency": command["currency"],
        "livemode": False,
    }
    return json.dumps(told).encode()


def crossing(tenant: str, now_ms: int) -> list[bytes]:
    """Return the events that set a tenant up just below its trigger."""
    head = {"tenant_id": tenant, "at_ms": now_ms, "currency": "USD", "balance_micros": 99_900_000}
    head |= {"cause": "settings", "cause_id": "cmd-1", "hours_remaining": None}
    events = (
        {"kind": "payment_methods_changed", "methods": [{"reference": "pm_1"}], "seq": 1},
        {
            "kind": "auto_recharge_changed",
            "enabled": True,
            "mode": "fixed",
            "trigger_micros": 100_000_000,
            "amount_micros": 200_000_000,
            "seq": 2,
        },
    )
    return [
        json.dumps({**head, **each, "event_id": f"{tenant}/{each['seq']}/x"}).encode()
        for each in events
    ]


def read_cases() -> list[Case]:
    """Return all cases, in order."""
    return [_case(json.loads(line)) for line in (FOLDER / "cases.jsonl").read_text().splitlines()]


def end_of(topic: str, value: bytes) -> tuple[tuple[str, int, int], End]:
    """Return which record an output is about (its topic, partition, offset), and the end it shows."""
    output = json.loads(value)
    place = (output["source_topic"], output["source_partition"], output["source_offset"])
    if topic == RECHARGE_DEAD.name:
        kept = output.get("value_b64")
        bytes_kept = None if kept is None else base64.b64decode(kept)
        return place, End(topic, output["reason"], output.get("field"), bytes_kept)
    assert topic == PAYMENT_QUARANTINE.name, topic
    return place, End(topic, output["reason"], None, output["result"].encode())


def _case(line: dict[str, Any]) -> Case:
    if "made" in line:
        text: bytes | None = MADE[line["made"]]()
    elif "value_b64" in line:
        text = base64.b64decode(line["value_b64"])
    else:
        text = None if line["value"] is None else line["value"].encode()
    return Case(
        name=line["name"],
        topic=line["topic"],
        text=text,
        ends_on=line["ends_on"],
        reason=line["reason"],
        field=line.get("field"),
        key_text=line.get("key", "@tenant@"),
        partition_off=line.get("partition_off", 0),
        is_after=line.get("sent") == "after",
        is_large=line.get("large", False),
    )


def _result(amount: str = "200000000", command: str = "@command@", note: str = "") -> bytes:
    return (
        f'{{"outcome": "succeeded", "command_id": "{command}", "tenant_id": "@tenant@", "at_ms": @now@, '
        f'"provider": "poison", "mode": "test", "livemode": false, '
        f'"payment_id": "@payment@", "amount_micros": {amount}, "currency": "USD", '
        f'"note": "{note}"}}'
    ).encode()


def _event(balance: str) -> bytes:
    return (
        f'{{"kind": "balance_exhausted", "event_id": "x", "tenant_id": "@tenant@", "seq": 9, "at_ms": @now@, '
        f'"currency": "USD", "balance_micros": {balance}, "cause": "charge", "cause_id": "c9", '
        '"hours_remaining": null}'
    ).encode()


MADE: dict[str, Callable[[], bytes]] = {
    "nested": lambda: b'{"a":' * 12_000,
    "digits": lambda: _result("1" * 5_000),
    "balance_digits": lambda: _event("-" + "1" * 5_000),
    "two_megabytes": lambda: _result(note="x" * 2_000_000),
    "large_note": lambda: _result("1", note="\\u00e9" * 10_000),
    "long_attempt": lambda: _result(command="@recharge@/" + "1" * 60_000),
}
"""Values too large to be stored."""
