"""How long people wait for what they ask of a large ledger: a million entries of one tenant, in one partition.

python -m loadtest.enquiries --entries 1000000

A worker opens the account; the charges behind that are made up and written to the ledger as charging would write them,
over the month so far, in a hundred steps of time. One JSON line last: seconds by command.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from loadtest import stage
from loadtest.accounts import Record
from loadtest.broker import running_broker
from loadtest.drive import publish
from loadtest.rater_command import CommandError, run
from loadtest.service import Worker
from topics.catalog import ACCOUNT_COMMANDS, LEDGER
from topics.numerals import whole_number
from topics.partitioner import partition_of

TENANT: Final = "acme"
STEPS: Final = 100
CHARGE: Final = 67_000
USERS: Final = 1_000


def charges(last: dict[str, Any], first: int, count: int, at_ms: int) -> Iterator[Record]:
    """Yield the charges of a step, each after the one before."""
    key = TENANT.encode()
    partition = partition_of(key, LEDGER.partitions)
    for number in range(first, first + count):
        seq = last["seq"] + 1 + number
        call = {
            "direction": "out", "to": f"+3361{number % 10**7:07}", "answered_ms": at_ms - 90_000,
            "ended_ms": at_ms - 29_000, "duration_s": 61, "usage_country": "FR", "user_id": f"u{number % USERS}",
        }  # fmt: skip
        entry = {
            "kind": "charge", "entry_id": f"{TENANT}/{seq}", "tenant_id": TENANT, "seq": seq, "at_ms": at_ms,
            "source_topic": "cdr.raw.v1", "source_partition": partition, "source_offset": number, "currency": "USD",
            "amount_micros": -CHARGE, "balance_micros": last["balance_micros"] - CHARGE * (number + 1),
            "overdraft_micros": 0, "cdr_id": f"c{number}", "outcome": "rated", "charge_micros": CHARGE, "call": call,
            "deck_id": "sample", "deck_version": 1, "prefix": "336", "destination": "France mobile",
            "lines": [{"kind": "connection_fee", "amount_micros": 1_000, "rate_nanos": 1_000_000},
                      {"kind": "usage", "amount_micros": 66_000, "quantity": 66, "rate_nanos": 60_000_000, "per": 60}],
            "draws": [{"id": "L1", "amount_micros": CHARGE}],
        }  # fmt: skip
        yield partition, key, json.dumps(entry, separators=(",", ":")).encode()


def open_account(bootstrap: str, folder: Path) -> dict[str, Any]:
    """Have an account opened and funded; return its last entry."""
    stage.create_topics(bootstrap)
    money = {"lot_id": "L1", "amount_micros": 10**12, "currency": "USD"}
    head = {"tenant_id": TENANT}
    commands = [
        head | {"type": "open_account", "command_id": "o", "currency": "USD", "decks": ["sample"]},
        head | {"type": "add_funds", "command_id": "f", "purchased_at": f"{_now():%Y-%m-%dT00:00:00Z}"} | money,
    ]  # fmt: skip
    file = folder / "commands.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in commands))
    with Worker(bootstrap, folder / "worker.log"):
        run("produce", ACCOUNT_COMMANDS.name, str(file), "--wait", "--broker", bootstrap)
    words = ("ledger", TENANT, "--last", "1", "--json", "--broker", bootstrap)
    last: dict[str, Any] = json.loads(run(*words).text.splitlines()[-1])
    return last


async def fill(bootstrap: str, last: dict[str, Any], entries: int) -> None:
    """Write the charges of the month so far."""
    now = _now()
    begins_ms = int(datetime(now.year, now.month, 1, tzinfo=UTC).timestamp()) * 1_000
    ends_ms, each = int(now.timestamp()) * 1_000, entries // STEPS
    for step in range(STEPS):
        at_ms = begins_ms + (ends_ms - begins_ms) * (step + 1) // STEPS
        records = charges(last, step * each, each, at_ms)
        await publish(bootstrap, LEDGER.name, records, each, timestamp_ms=at_ms)


def asked(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return what is asked, by the name of the figure."""
    month = f"{_now():%Y-%m}"
    return {
        "ledger of a user": ("ledger", TENANT, "--user", "u7", "--json"),
        "ledger, the last 20": ("ledger", TENANT, "--last", "20"),
        "ledger of 12 hours": ("ledger", TENANT, "--from", "12h", "--json"),
        "calls of a user": ("calls", TENANT, "--user", "u7", "--json"),
        "account show": ("account", "show", TENANT),
        "statement": ("statement", TENANT, "--month", month, "--format", "json"),
        "export to parquet": ("export", "--to", str(folder / "parquet")),
        "export to csv": ("export", "--format", "csv", "--to", str(folder / "csv")),
    }


def measured(bootstrap: str, folder: Path) -> dict[str, float]:
    """Return seconds by what was asked."""
    found: dict[str, float] = {}
    for name, words in asked(folder).items():
        began = time.monotonic()
        done = run(*words, "--broker", bootstrap, timeout_s=600)
        found[name] = round(time.monotonic() - began, 1)
        _say(f"{name:<22} {found[name]:>6} s  {len(done.text.splitlines()):,} lines")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run it; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.enquiries", description=__doc__)
    parser.add_argument("--entries", type=whole_number, default=1_000_000)
    entries: int = parser.parse_args(arguments).entries
    try:
        with running_broker("enquiries") as broker, tempfile.TemporaryDirectory() as folder:
            last = open_account(broker.bootstrap, Path(folder))
            asyncio.run(fill(broker.bootstrap, last, entries))
            found = measured(broker.bootstrap, Path(folder))
    except CommandError as error:
        _say(f"failed: {error}")
        return 1
    _say(json.dumps({"entries": entries, "seconds": found}))
    return 0


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
