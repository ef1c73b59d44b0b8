"""Mended play: calls that no deck can price yet, and calls that a deck prices wrongly; each round a deck mends both.

A round has three acts. The calls of the first find the decks of the rounds before: those to a number of its own round
wait, and others cost what they will not cost in the end. The other two acts come while jobs are at work, one on what
waits, one on what was charged. Calls come again, are corrected and are voided, whatever has become of them by then;
after a void nothing new is said of a call. Every deck is dated back to before all calls, so the last one prices all.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.e2e.replayed_books import Replay
from topics.catalog import LEDGER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rater.core.pricing.rules import Rules
    from tests.e2e.broker import Record

Sent = tuple[bytes, bytes]
Entries = list[dict[str, Any]]
TENANTS = tuple(f"mended-{number:02}" for number in range(16))
FRANCE = "+33142685300"
HOURS_S = 6 * 3_600
"""So long ago calls ended, at the most."""
LITTLE_MICROS, MUCH_MICROS = 5_000_000, 900_000_000
"""What tenants have: some are in debt soon, and pay calls of two lots."""


def deck_of(version: int) -> str:
    """Return a deck: France costs more or less than before, and the numbers of the rounds so far have a price."""
    cents = 60 + 7 * (version - 1) * (1 if version % 2 == 0 else -1)
    rows = [f"33,{cents / 100:.2f},60,60/60", *(f"999{n},0.06,60,60/60" for n in range(version - 1))]  # fmt: skip
    return "\n".join(["prefix,rate,per_seconds,increment", *rows, ""])


@dataclass(frozen=True)
class MendedPlay:
    """Acts of CDRs, three a round."""

    rounds: list[tuple[list[Sent], list[Sent], list[Sent]]]

    @classmethod
    def of(cls, cdrs: int, rounds: int, seed: int = 1) -> MendedPlay:
        """Make one of calls of the last hours: two thirds of a round come before its deck."""
        calls = _Calls(Random(f"mended {seed}"), int(time.time()))
        size = cdrs // rounds
        return cls([
            (
                [calls.record(number) for _ in range(size * 2 // 3)],
                [calls.record(number) for _ in range(size // 6)],
                [calls.record(number) for _ in range(size // 6)],
            )
            for number in range(rounds)
        ])  # fmt: skip


class _Calls:
    """Makes CDRs: most are new, some come again, some are corrected or voided."""

    def __init__(self, chance: Random, now_s: int) -> None:
        self._chance = chance
        self._now_s = now_s
        self._serial = 0
        self._open: list[dict[str, Any]] = []
        """The last versions of the calls that are not voided."""
        self._sent: list[Sent] = []

    def record(self, number: int) -> Sent:
        """Return the next one of a round."""
        drawn = self._chance.random()
        if len(self._open) < 50 or drawn > 0.16:
            said = self._new(number)
        elif drawn > 0.10:
            return self._chance.choice(self._sent)
        else:
            said = self._later(is_void=drawn < 0.03)
        sent = said["tenant_id"].encode(), json.dumps(said).encode()
        self._sent.append(sent)
        return sent

    def _new(self, number: int) -> dict[str, Any]:
        chance = self._chance
        self._serial += 1
        nowhere = number if chance.random() < 0.9 else chance.randrange(number + 1)
        said = {
            "cdr_id": f"c{self._serial}",
            "version": 1,
            "tenant_id": chance.choice(TENANTS),
            "direction": "out",
            "to": FRANCE if chance.random() < 0.5 else f"+999{nowhere}23456",
        }
        said |= self._talk()
        self._open.append(said)
        return said

    def _later(self, *, is_void: bool) -> dict[str, Any]:
        """Return a later version of a call."""
        place = self._chance.randrange(len(self._open))
        said = self._open.pop(place) if is_void else self._open[place]
        kind = {"kind": "void" if is_void else "correction", "version": said["version"] + 1}
        said |= {**kind, **self._talk()}
        return said

    def _talk(self) -> dict[str, Any]:
        """Return when a call was and how long."""
        seconds = self._chance.choice((1, 60, 61, 600))
        ended_s = self._now_s - self._chance.randrange(HOURS_S)
        return {
            "started_at": _text(ended_s - seconds),
            "ended_at": _text(ended_s),
            "billsec": seconds,
        }


def funding() -> list[Sent]:
    """Return the commands that give every tenant a little, and every other one much."""
    sent = []
    for number, tenant in enumerate(TENANTS):
        for lot, micros in (("L1", LITTLE_MICROS), ("L2", MUCH_MICROS))[: 1 + number % 2]:
            said = {"type": "add_funds", "command_id": f"{tenant}-{lot}", "tenant_id": tenant}
            said |= {"lot_id": lot, "currency": "USD", "purchased_at": _text(int(time.time()))}
            sent.append((tenant.encode(), json.dumps({**said, "amount_micros": micros}).encode()))
    return sent


def _text(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Standing(NamedTuple):
    """What a ledger comes to."""

    charges: dict[tuple[str, str], tuple[int, int]]
    """Version and micros of the charge that stands, of each call that costs anything, by tenant and call."""
    balances: dict[str, int]

    def differences(self, other: Standing) -> list[str]:
        """Name what another ledger comes to instead."""
        both: tuple[tuple[Any, Any], ...] = tuple(zip(self, other, strict=True))
        return [
            f"{key}: found {found.get(key)}, wanted {wanted.get(key)}"
            for found, wanted in both
            for key in sorted(found.keys() | wanted.keys())
            if found.get(key) != wanted.get(key)
        ]


def standing(entries: Entries) -> Standing:
    """Say what a ledger comes to; of no call two charges stand."""
    taken_back = {each["reverses"] for each in entries if each["kind"] == "charge_reversed"}
    told = (each for each in entries if "balance_micros" in each)
    found = Standing({}, {each["tenant_id"]: each["balance_micros"] for each in told})
    for each in entries:
        if each["kind"] != "charge" or each["entry_id"] in taken_back or not each["charge_micros"]:
            continue
        name = each["tenant_id"], each["cdr_id"]
        assert name not in found.charges, f"two charges of {name} stand"
        found.charges[name] = each.get("version", 1), each["charge_micros"]
    return found


def rated_at_once(rules: Rules, records: Iterable[Record]) -> Standing:
    """Say what commands and CDRs come to by rules that are there from the beginning: nothing is to be mended."""
    simulator = Replay(rules, {})
    lines = [line for record in records for line in simulator.take(record)]
    return standing([json.loads(line.value or b"") for line in lines if line.topic == LEDGER.name])


def kinds_of(entries: Sequence[dict[str, Any]]) -> Counter[str]:
    """Count what jobs, each by its name, and later versions have done to the calls."""
    kinds: Counter[str] = Counter()
    by_id = {each["entry_id"]: each for each in entries}
    for each in entries:
        if each["kind"] == "charge_reversed":
            kinds[f"{_how(by_id[each['reverses']])}, then {each['by']}"] += 1
        elif each["kind"] == "command_rejected":
            kinds[f"refused, {each['reason']}"] += 1
        elif each["kind"] == "charge" and "job_id" in each:
            kinds[f"by job, {_how(each)}"] += 1
            kinds[each["job_id"]] += 1
        elif each.get("reason") == "voided":
            kinds["voided while it waited"] += 1
    return kinds


def _how(charge: dict[str, Any]) -> str:
    """Say how a charge came about."""
    if charge.get("generation"):
        return "rerated"
    return "released" if "waited" in charge else "charged"
