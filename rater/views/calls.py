"""Calls: what was charged of each call as it stands now; what a correction or a void has taken back is left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rater.core.times import to_text
from rater.views.amounts import money
from rater.views.columns import Row
from rater.views.entries import AHEAD_MS, Said, consumer, paid_by

HEAD: Final[Row] = (
    *("started", "user", "to", "destination", "type", "seconds", "charge", "paid by", "cdr_id"),
)
CHARGE: Final = "charge"
REVERSED: Final = b'"kind":"charge_reversed"'
"""Stands in each entry that takes a charge back, and is found without reading it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSelection:
    """What a call must be like; what is None says nothing."""

    user: str | None = None
    to: str | None = None
    """How the number called begins."""
    destination: str | None = None
    """As the deck calls it, in any letter case; a part of the name will do."""
    from_ms: int | None = None
    """It began then or later."""
    until_ms: int | None = None
    """It began before then."""
    cdr_id: str | None = None

    @property
    def written_from_ms(self) -> int | None:
        """Return a time before which no such call was charged: a call is charged after it began."""
        return None if self.from_ms is None else self.from_ms - AHEAD_MS

    def has(self, entry: Said) -> bool:
        """Tell whether an entry charges a call that is meant."""
        if entry["kind"] != CHARGE:
            return False
        call, started_ms = entry["call"], began_ms(entry["call"])
        return (
            self.user in {None, consumer(entry)}
            and (self.to is None or call["to"].startswith(self.to))
            and (self.destination is None or self._is_destination(entry))
            and (self.from_ms is None or started_ms >= self.from_ms)
            and (self.until_ms is None or started_ms < self.until_ms)
            and self.cdr_id in {None, entry["cdr_id"]}
        )

    def _is_destination(self, entry: Said) -> bool:
        wanted = (self.destination or "").casefold()
        return wanted in str(entry.get("destination", "")).casefold()


def began_ms(call: Mapping[str, Any]) -> int:
    """Return when a call began: to ring, or to be answered where nothing else is said."""
    began: int = call.get("started_ms") or call["answered_ms"]
    return began


def row_of(entry: Said) -> Row:
    """Return a call for people."""
    call, reason = entry["call"], entry.get("reason")
    return (
        to_text(began_ms(call)),
        consumer(entry) or "-",
        call["to"],
        entry.get("destination") or "-",
        call.get("call_type") or call["direction"],
        str(call["duration_s"]),
        f"free: {reason}" if reason else money(entry["charge_micros"], entry["currency"]),
        paid_by(entry) or "-",
        entry["cdr_id"],
    )


class Sums:
    """How many calls there were, for how long and for how much."""

    def __init__(self) -> None:
        """Begin with none."""
        self.calls = self.seconds = 0
        self._micros: dict[str, int] = {}

    def add(self, entry: Said) -> None:
        """Count a call."""
        self.calls += 1
        self.seconds += entry["call"]["duration_s"]
        currency = entry["currency"]
        self._micros[currency] = self._micros.get(currency, 0) + entry["charge_micros"]

    def __str__(self) -> str:
        """Return them in a line."""
        said = [money(micros, currency) for currency, micros in sorted(self._micros.items())]
        charged = ", ".join(each for each in said if each != "-")
        return f"{self.calls:,} calls, {self.seconds:,} s{', ' + charged if charged else ''}"
