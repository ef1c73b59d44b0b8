"""Altering: what is changed in a CDR before it is sent. Unaltered, its bytes are sent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from loadtest.replay import instants
from loadtest.replay.faults import ReplayError, shown

TIMES = ("started_at", "answered_at", "ended_at")
IDS = ("cdr_id", "leg_of")
"""The id of a call, and of the call that it is a leg of."""
ID_MAX = 128
TIMES_KNOWN = 65_536
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


class Change(Protocol):
    """One thing that is changed; it is picklable, for several processes make it."""

    def make(self, cdr: dict[str, Any], number: int) -> None:
        """Change a record in place; ReplayError with its number where it cannot be changed."""


@dataclass(frozen=True, slots=True)
class Altering:
    """What is changed, in this order."""

    changes: tuple[Change, ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether anything is changed."""
        return bool(self.changes)

    def of(self, value: bytes, number: int) -> bytes:
        """Return a record with its changes; ReplayError where it cannot be changed."""
        cdr = _decode(value)
        for change in self.changes:
            change.make(cdr, number)
        return _encode(cdr)


@dataclass(frozen=True, slots=True)
class TimeShift:
    """All times of a call are moved by the same amount."""

    shift_ms: int

    def make(self, cdr: dict[str, Any], number: int) -> None:
        """Move the times that are there."""
        for name in TIMES:
            text = cdr.get(name)
            if text is None:
                continue
            try:
                cdr[name] = _moved(text, self.shift_ms)
            except (ValueError, TypeError):
                wrong = f"record {number}: {name} must be an RFC 3339 time, found {shown(text)}"
                raise ReplayError(wrong) from None


@dataclass(frozen=True, slots=True)
class IdAffix:
    """A text before each id, and one behind it, so that a second replay is no duplicate."""

    before: str = ""
    behind: str = ""

    def make(self, cdr: dict[str, Any], number: int) -> None:
        """Put it there; ReplayError where an id grows too long."""
        affix_ids(cdr, number, self.before, self.behind)


def affix_ids(cdr: dict[str, Any], number: int, before: str = "", behind: str = "") -> None:
    """Put texts before and behind the ids of a record; ReplayError where one grows too long."""
    for name in IDS:
        if name in cdr and cdr[name] is not None:
            cdr[name] = text = f"{before}{cdr[name]}{behind}"
            if len(text) > ID_MAX:
                wrong = f"record {number}: {name} {shown(text)} is longer than {ID_MAX}"
                raise ReplayError(wrong)


@lru_cache(TIMES_KNOWN)
def _moved(text: str, shift_ms: int) -> str:
    """Return a time that is moved; calls of a file share many. ValueError, TypeError: it is none."""
    return instants.write(instants.read_ms(text) + shift_ms)
