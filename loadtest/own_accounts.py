"""Own accounts: those of a load test on a broker, as `accounts.name_of` names them: opened, funded, closed again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec

from loadtest import topic_log
from loadtest.accounts import Record, encode, is_ours, name_of, rfc3339
from loadtest.drive import by_topic, publish_commands
from loadtest.rater_command import CommandError
from loadtest.stage import taking
from loadtest.watch import LateError, Watch, watching
from topics.catalog import ACCOUNT_COMMANDS, ACCOUNT_STATUS, CDR_RAW
from topics.partitioner import partition_of

MICROS = 1_000_000
OPEN = "open"
CLOSED = "closed"


class Standing(msgspec.Struct, frozen=True):
    """What is read of a status."""

    state: str
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What an account is opened with."""

    currency: str
    decks: tuple[str, ...]
    funds_micros: int
    """Of the lot that is added; 0: none."""


async def open_accounts(
    bootstrap: str, number: int, terms: Terms, now_ms: int, wait_s: float
) -> int:
    """Open or reopen the first accounts, add a lot to each, wait until charging has done it; return how many.

    CommandError: one of them has another currency, or is not open then, or charging does not come to it in time.
    """
    names = [name_of(serial) for serial in range(1, number + 1)]
    before = await standings(bootstrap)
    for name in names:
        if (found := before.get(name)) and found.currency not in {None, terms.currency}:
            raise CommandError(f"{name} is there, in {found.currency}, not in {terms.currency}")
    make = _Commands(now_ms)
    async with watching(bootstrap) as watch:
        await _give(bootstrap, watch, wait_s, _opening(make, names, before, terms))
    after = await standings(bootstrap)
    missing = [name for name in names if name not in after or after[name].state != OPEN]
    if missing:
        raise CommandError(f"{len(missing)} accounts are not open, {missing[0]} the first of them")
    return len(names)


async def close_accounts(bootstrap: str, now_ms: int, wait_s: float) -> int:
    """Wait until charging has taken all calls, then close all accounts of load tests that are open; return how many."""
    async with watching(bootstrap) as watch:
        await _taken(watch, wait_s)(CDR_RAW.name)
        found = await standings(bootstrap)
        names = [name for name, each in found.items() if each.state != CLOSED]
        make = _Commands(now_ms)
        await _give(bootstrap, watch, wait_s, [make.of(name, "close_account") for name in names])
    after = await standings(bootstrap)
    left = [name for name in names if after[name].state != CLOSED]
    if left:
        raise CommandError(f"{len(left)} accounts are not closed, {left[0]} the first of them")
    return len(names)


async def standings(bootstrap: str) -> dict[str, Standing]:
    """Return how the accounts of load tests stand, by tenant."""
    decode = msgspec.json.Decoder(Standing).decode
    found: dict[str, Standing] = {}
    async for record in topic_log.read(bootstrap, ACCOUNT_STATUS.name):
        if record.key and record.value and is_ours(record.key):
            found[record.key.decode()] = decode(record.value)
    return found


class _Commands:
    """Makes commands with ids of this run: those of an earlier one would be duplicates."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self._numbers = count(1)

    def of(self, name: str, kind: str, **more: Any) -> dict[str, Any]:
        """Return a command."""
        command_id = f"{name}-{self.now_ms:x}-{next(self._numbers)}"
        return {"type": kind, "command_id": command_id, "tenant_id": name, **more}


def _opening(
    make: _Commands, names: Iterable[str], before: dict[str, Standing], terms: Terms
) -> Iterable[dict[str, Any]]:
    for name in names:
        found = before.get(name)
        opened = {"currency": terms.currency, "decks": list(terms.decks)}
        if found is None:
            yield make.of(name, "open_account", **opened, time_zone="UTC")
        elif found.state == CLOSED:
            yield make.of(name, "reopen_account")
        if found is not None and found.currency is None:
            yield make.of(name, "open_credits", **opened)
        if terms.funds_micros:
            yield make.of(
                name,
                "add_funds",
                lot_id=f"{name}-{make.now_ms:x}",
                amount_micros=terms.funds_micros,
                currency=terms.currency,
                purchased_at=rfc3339(make.now_ms // 1_000),
            )


async def _give(
    bootstrap: str, watch: Watch, wait_s: float, commands: Iterable[dict[str, Any]]
) -> None:
    partitions = len(await watch.ends(ACCOUNT_COMMANDS.name))
    records: list[Record] = []
    for each in commands:
        key = each["tenant_id"].encode()
        records.append((partition_of(key, partitions), key, encode(each)))
    await publish_commands(bootstrap, by_topic(records), _taken(watch, wait_s))


def _taken(watch: Watch, wait_s: float) -> Callable[[str], Any]:
    """Return what waits until charging has taken all of a topic; CommandError where it does not in time."""
    wait = taking(watch, lambda: None, wait_s)

    async def taken(topic: str) -> None:
        try:
            await wait(topic)
        except LateError as late:
            raise CommandError(f"{late}: does `rater worker charging` run?") from late

    return taken
