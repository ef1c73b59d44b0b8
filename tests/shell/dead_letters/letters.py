"""Dead letters of the tests: as charging and recharge write them, and their ends."""

import json
from typing import Any

from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings
from rater.shell.admin.who import Who
from rater.shell.dead_letters.ending import Step, end_of
from rater.shell.dead_letters.letter import Letter, Place, letter_of
from rater.wire.dead_letters import decode_letter, tenant_of
from rater.wire.malformed import Malformed, Why
from rater.wire.outputs import encode_dead
from topics.records import Dead, DeadEnded

AT_MS = 1_772_361_060_000
TOPIC = "recharge.commands.v1"
WHO = Who("j1", "ann@acme.example", "it was wrong")
ACME = 4
"""The partition of acme, of eight."""
RESUME = json.dumps({"type": "resume_recharge", "command_id": "r1", "tenant_id": "acme"}).encode()
NOT_JSON = Malformed(Why.NOT_JSON, None, "must be JSON")


def dead_of(
    value: bytes | None = RESUME,
    key: bytes | None = b"acme",
    *,
    topic: str = TOPIC,
    partition: int = ACME,
    offset: int = 7,
    last_offset: int | None = None,
    settings: ChargingSettings | None = None,
) -> Dead:
    """Return a letter as it is read."""
    source = Source(topic, partition, offset, AT_MS)
    dead = decode_letter(encode_dead(key, value, source, NOT_JSON, last_offset, settings))
    assert dead is not None
    return dead


def letter(
    offset: int = 7, place: int = 0, *, since_ms: int = AT_MS + 5, value_bytes: int = 10, **of: Any
) -> Letter:
    """Return what is kept of a letter of the record at an offset, itself at a place of `recharge.dead.v1`."""
    dead = dead_of(offset=offset, **of)
    lies = Place("recharge.dead.v1", dead.source_partition, place)
    return letter_of(lies, since_ms, dead, tenant_of(dead), value_bytes)


def end(of: Letter) -> DeadEnded:
    """Return the end of a letter that was dropped."""
    return end_of(Step(of, None), WHO, AT_MS + 9, None)
