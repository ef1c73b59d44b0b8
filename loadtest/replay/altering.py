"""Altering: what is changed in a CDR before it is sent: its times, and its id. Unaltered, its bytes are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from loadtest.replay import instants
from loadtest.replay.faults import ReplayError, shown

TIMES = ("started_at", "answered_at", "ended_at")
ID_MAX = 128
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Altering:
    """By how much times are moved, and what is put behind each id, so that a second replay is no duplicate."""

    shift_ms: int = 0
    id_suffix: str = ""

    @property
    def is_any(self) -> bool:
        """Whether anything is changed."""
        return bool(self.shift_ms or self.id_suffix)

    def of(self, value: bytes, number: int) -> bytes:
        """Return a record with its changes; ReplayError where it has no such field, or an id grows too long."""
        cdr = _decode(value)
        if self.shift_ms:
            for name in TIMES:
                if cdr.get(name) is not None:
                    cdr[name] = instants.write(_at_ms(cdr[name], name, number) + self.shift_ms)
        if self.id_suffix:
            cdr["cdr_id"] = f"{cdr.get('cdr_id', '')}{self.id_suffix}"
            if len(cdr["cdr_id"]) > ID_MAX:
                raise ReplayError(
                    f"record {number}: cdr_id {shown(cdr['cdr_id'])} is longer than {ID_MAX}"
                )
        return _encode(cdr)


def _at_ms(text: Any, name: str, number: int) -> int:
    try:
        return instants.read_ms(text)
    except (ValueError, TypeError):
        wrong = f"record {number}: {name} must be an RFC 3339 time, found {shown(text)}"
        raise ReplayError(wrong) from None
