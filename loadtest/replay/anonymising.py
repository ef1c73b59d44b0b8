"""Anonymising: who called whom is hidden in a CDR; what decides its price stays.

What is neither needed for the price nor known is taken out: it may say anything of anybody.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtest.replay.faults import ReplayError
from loadtest.replay.prefixes import TOLL_FREE, plain
from loadtest.replay.pseudonyms import Pseudonyms

CALLED = ("to", "routing_number")
TEXTS = {
    "cdr_id": 128,
    "leg_of": 128,
    "from": 64,
    "user_id": 128,
    "organizer_id": 128,
    "conference_id": 128,
    "source": 64,
}
"""Fields whose whole text is replaced, and how long it may be."""
KEPT = frozenset(
    (
        *("tenant_id", "direction", "started_at", "answered_at", "ended_at", "ingest_ts"),
        *("billsec", "schema_version", "version", "kind", "call_type", "usage_country"),
        *("service_number_type", "license", "disposition", "currency_hint"),
    )
)
"""Fields that stay as they are. Of all others only the names stay."""
KEY_BYTES_MIN = 16
KEY_BYTES_MAX = 64


@dataclass(frozen=True, slots=True)
class Anonymising:
    """Replaces what says who it was."""

    pseudonyms: Pseudonyms

    def make(self, cdr: dict[str, Any], number: int) -> None:
        """Replace it in place."""
        own_kind = cdr.get("service_number_type")
        is_toll_free = isinstance(own_kind, str) and plain(own_kind) == plain(TOLL_FREE)
        for name, value in cdr.items():
            if name in KEPT or value is None:
                continue
            if name in CALLED:
                if not (is_toll_free and name == "to"):
                    cdr[name] = _replaced(value, 32, self.pseudonyms.called)
            elif name in TEXTS:
                cdr[name] = _replaced(value, TEXTS[name], self.pseudonyms.text)
            else:
                cdr[name] = None


def read_key(path: Path | None) -> bytes:
    """Return what a file holds as a key, or a new one; ReplayError where it is too short or too long."""
    if path is None:
        return secrets.token_bytes(KEY_BYTES_MAX // 2)
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise ReplayError(f"{path}: {error}") from error
    if not KEY_BYTES_MIN <= len(key) <= KEY_BYTES_MAX:
        bounds = f"{KEY_BYTES_MIN} to {KEY_BYTES_MAX} bytes"
        raise ReplayError(f"{path}: a key must have {bounds}, found {len(key)}")
    return key


def _replaced(value: Any, length_max: int, make: Callable[[str], str]) -> Any:
    """Return what stands for a text; for what a worker refuses something that it refuses, too."""
    if not isinstance(value, str):
        return type(value)()
    if len(value) > length_max:
        return "x" * len(value)
    return make(value)[:length_max]
