"""A stage for dead letters: records that cannot be read are written past all rules, and `rater dead` is run."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from rater.shell.process.failpoints import VARIABLE
from tests.e2e.broker import consume, producer
from tests.e2e.charging_fleet import ROOT
from tests.e2e.logins import environment
from topics import catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CDRS, COMMANDS = catalog.CDR_RAW.name, catalog.RECHARGE_COMMANDS.name
HEADERS = (("trace", b"\x00\xff"), ("trace", b"2"))
WHO = ("--by", "ann@acme.example", "--reason", "the platform was wrong")
TIMEOUT_S = 120.0


class Told(NamedTuple):
    """What a command has said, an object a line, and its exit code."""

    code: int
    lines: list[dict[str, Any]]
    error: str

    def outcomes(self) -> list[str]:
        """Return what became of each letter."""
        return [each["outcome"] for each in self.lines]


async def write(
    bootstrap: str, topic: str, values: Iterable[bytes], partition: int, key: bytes = b"acme"
) -> list[str]:
    """Write records with headers into a partition; return the ids that their letters have."""
    async with producer(bootstrap) as client:
        sent = [
            await client.send(topic, value, key, partition=partition, headers=list(HEADERS))
            for value in values
        ]
        await client.flush()
    return [f"{topic}/{partition}/{(await each).offset}" for each in sent]


def begin(bootstrap: str, *words: str, failpoint: str = "") -> subprocess.Popen[str]:
    """Begin `rater dead`; `failpoint` as in `rater.shell.process.failpoints`."""
    said = ("dead", *words, "--json", "--broker", bootstrap)
    return subprocess.Popen(
        [sys.executable, "-m", "rater", *said],
        cwd=ROOT,
        env=environment(*said, **({VARIABLE: failpoint} if failpoint else {})),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> Told:
    """Wait until one has ended."""
    out, error = process.communicate(timeout=TIMEOUT_S)
    return Told(process.returncode, [json.loads(line) for line in out.splitlines()], error)


def dead(bootstrap: str, *words: str, failpoint: str = "", codes: Sequence[int] = (0,)) -> Told:
    """Run `rater dead` to its end."""
    told = ended(begin(bootstrap, *words, failpoint=failpoint))
    assert told.code in codes, told
    return told


async def ends(bootstrap: str) -> list[dict[str, Any]]:
    """Return how letters have ended, each end that was ever written."""
    records = await consume(bootstrap, catalog.DEAD_ENDED.name)
    found = [json.loads(record.value or b"") for record in records]
    keys = [catalog.DEAD_ENDED.key.of(each) for each in found]
    assert [record.key for record in records] == keys
    return found
