"""Row: one line of a rate deck, its values as integers.

Rule 1: a row prices one slot of one prefix: some days, some hours, from some second of the call on,
        for some callers.
Rule 2: a free row charges nothing at all: it has no fees, and its rate is not used.
Rule 3: a row knows its line, so that whoever wrote it can be told.
"""

from enum import StrEnum
from typing import Final, final

from rater.core.money import Micros, Rounding, div_ceil
from rater.core.value import Value
from topics.records.charge import LineKind

Fee = tuple[LineKind, Micros]
"""A kind of fee (`components`), and its price in a row or for a call; a row has those that are not 0, in order."""

ALL_DAYS: Final = 0b111_1111
"""Monday is the lowest bit."""

DAY_S: Final = 86_400

UNKNOWN_ORIGIN: Final = "unknown"
"""The origin prefix of a row for callers whose number does not say where they are."""


class Action(StrEnum):
    """What a row does with a call."""

    RATE = "rate"
    FREE = "free"
    DENY = "deny"


class Direction(StrEnum):
    """Whom a row prices: `in` is by the number called, for toll-free and other service numbers."""

    OUT = "out"
    IN = "in"


@final
class Row(Value):
    """Price terms of one prefix and slot. Rates are nanos per `per_s` seconds; both are exact.

    `prefix` are digits, without the plus sign; `origin_prefix` those that the caller's number begins with, none for any
    caller, or `UNKNOWN_ORIGIN`. `initial_s` is the least that is billed, the first increment of the call; `increment_s`
    every later one; 0: one price per call. The slot begins at the local time of day `start_s`; it ends before `end_s`:
    on the next day where that is not after it. No charge exceeds `max_charge_micros`; None: no cap. Calls shorter than
    `grace_s` are free, all others cost `min_charge_micros` at the least. One of a `calendar` holds on its dates alone.
    """

    __match_args__ = (
        "line",
        "prefix",
        "rate_nanos",
        "direction",
        "destination",
        "country",
        "number_type",
        "action",
        "per_s",
        "initial_s",
        "increment_s",
        "fees",
        "from_second",
        "days",
        "start_s",
        "end_s",
        "rounding",
        "decimals",
        "max_charge_micros",
        "origin_prefix",
        "grace_s",
        "min_charge_micros",
        "calendar",
    )
    __slots__ = __match_args__

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        line: int,
        prefix: str,
        rate_nanos: int,
        direction: Direction = Direction.OUT,
        destination: str = "",
        country: str = "",
        number_type: str = "",
        action: Action = Action.RATE,
        per_s: int = 60,
        initial_s: int = 60,
        increment_s: int = 60,
        fees: tuple[Fee, ...] = (),
        from_second: int = 0,
        days: int = ALL_DAYS,
        start_s: int = 0,
        end_s: int = DAY_S,
        rounding: Rounding = Rounding.UP,
        decimals: int = 6,
        max_charge_micros: int | None = None,
        origin_prefix: str = "",
        grace_s: int = 0,
        min_charge_micros: int = 0,
        calendar: str = "",
    ) -> None:
        self.line: Final = line
        self.prefix: Final = prefix
        self.rate_nanos: Final = rate_nanos
        self.direction: Final = direction
        self.destination: Final = destination
        self.country: Final = country
        self.number_type: Final = number_type
        self.action: Final = action
        self.per_s: Final = per_s
        self.initial_s: Final = initial_s
        self.increment_s: Final = increment_s
        self.fees: Final = fees
        self.from_second: Final = from_second
        self.days: Final = days
        self.start_s: Final = start_s
        self.end_s: Final = end_s
        self.rounding: Final = rounding
        self.decimals: Final = decimals
        self.max_charge_micros: Final = max_charge_micros
        self.origin_prefix: Final = origin_prefix
        self.grace_s: Final = grace_s
        self.min_charge_micros: Final = min_charge_micros
        self.calendar: Final = calendar

    @property
    def is_plain(self) -> bool:
        """Tell whether the row holds for every caller, at every hour of every date, from the first second on."""
        if self.from_second or self.origin_prefix or self.calendar:
            return False
        return self.is_all_week

    @property
    def is_all_week(self) -> bool:
        """Tell whether the row holds at every hour of every day."""
        return self.days == ALL_DAYS and self.start_s == 0 and self.end_s == DAY_S

    @property
    def is_flat(self) -> bool:
        """Tell whether the row has one price per call: that of its initial increment."""
        return self.increment_s == 0

    def price_terms(self) -> tuple[object, ...]:
        """Return all that decides a charge: two rows with equal terms price every call alike."""
        if self.action is Action.DENY:
            return (self.action, *self._slot())
        return (
            self.action,
            self.rate_nanos,
            self.per_s,
            self.initial_s,
            self.increment_s,
            self.fees,
            self.rounding,
            self.decimals,
            self.max_charge_micros,
            self.grace_s,
            self.min_charge_micros,
            *self._slot(),
        )

    def _slot(self) -> tuple[object, ...]:
        slot = (self.from_second, self.days, self.start_s, self.end_s)
        return (*slot, self.origin_prefix, self.calendar)


def billed_seconds(row: Row, seconds: int, *, first: bool) -> int:
    """Round a span of at least one second up to the row's increments.

    The initial increment is for the first span of the call alone, and all that one price per call bills.

    >>> row = Row(1, "33", 0, initial_s=30, increment_s=6)
    >>> billed_seconds(row, 39, first=True), billed_seconds(row, 39, first=False)
    (42, 42)
    >>> billed_seconds(row, 12, first=True), billed_seconds(row, 12, first=False)
    (30, 12)
    >>> flat = Row(1, "33", 0, initial_s=60, increment_s=0)
    >>> billed_seconds(flat, 600, first=True), billed_seconds(flat, 600, first=False)
    (60, 0)
    """
    paid = row.initial_s if first else 0
    if seconds <= paid or not row.increment_s:
        return paid
    return paid + div_ceil(seconds - paid, row.increment_s) * row.increment_s
