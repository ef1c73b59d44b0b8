"""A slow rater, for the differential test: Decimal, second by second, by the words of the issue
alone.

It shares nothing with the rater: rows are the texts of the CSV, times are datetimes, every row is
tried for every second, increments are bought one after the other. Nothing here is clever, so that
it can be believed.
"""

import decimal
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

Texts = dict[str, str]

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WAYS = {
    "up": decimal.ROUND_CEILING,
    "half_up": decimal.ROUND_HALF_UP,
    "half_even": decimal.ROUND_HALF_EVEN,
    "down": decimal.ROUND_FLOOR,
}
DEFAULTS = {
    "direction": "out",
    "action": "rate",
    "per_seconds": "60",
    "increment": "60/60",
    "connection_fee": "0",
    "regulatory_fee": "0",
    "surcharge": "0",
    "grace_s": "0",
    "min_charge": "0",
    "from_second": "0",
    "rounding": "up",
    "decimals": "6",
}


class Asked(NamedTuple):
    """A call to price."""

    direction: Literal["out", "in"]
    to: str
    caller: str | None
    answered: datetime
    duration: int


class SlowRater:
    """Prices calls by one deck."""

    def __init__(
        self,
        rows: list[Texts],
        zone: str,
        band_policy: str,
        calendars: Mapping[str, set[str]] | None = None,
    ) -> None:
        self.calendars = calendars or {}
        self.rows = [
            {name: row.get(name) or default for name, default in DEFAULTS.items()}
            | {name: text for name, text in row.items() if text}
            for row in rows
        ]
        self.zone = ZoneInfo(zone)
        self.band_policy = band_policy

    def price(self, call: Asked) -> tuple[object, ...]:
        """Return outcome, charge, prefix and billed seconds; or the reason why there is no
        price.
        """
        with decimal.localcontext() as context:
            context.prec = 60
            return self._price(call)

    def _price(self, call: Asked) -> tuple[object, ...]:
        number, caller = call.to[1:], call.caller or ""
        matching = [
            row
            for row in self.rows
            if row["direction"] == call.direction and number.startswith(row["prefix"])
        ]
        if not matching:
            return ("no_rate",)
        by_prefix = {
            prefix: [row for row in matching if row["prefix"] == prefix]
            for prefix in sorted({row["prefix"] for row in matching})
        }
        if any(len(rows) == 1 and is_plain_deny(rows[0]) for rows in by_prefix.values()):
            return ("denied",)
        return self._under_guards(by_prefix, call, caller)

    def _under_guards(
        self, by_prefix: dict[str, list[Texts]], call: Asked, caller: str
    ) -> tuple[object, ...]:
        *above, longest = by_prefix
        for prefix in above:
            if not any(row["action"] == "deny" for row in by_prefix[prefix]):
                continue
            rows = self._for_caller(by_prefix[prefix], caller)
            if rows is None:
                return ("ambiguous_origin",)
            answer = self._in_force(rows, call.answered, 0)
            if answer is not None and answer["action"] == "deny":
                return ("denied",)
        rows = self._for_caller(by_prefix[longest], caller)
        if rows is None:
            return ("ambiguous_origin",)
        if not rows:
            return ("no_rate",)
        return self._line(rows, call.answered, call.duration)

    def _line(self, rows: list[Texts], answered: datetime, duration: int) -> tuple[object, ...]:
        first = self._in_force(rows, answered, 0)
        short = first and first["action"] == "rate" and 0 < duration < int(first["grace_s"])
        whole = first and first["increment"].endswith("/0")
        for second in range(1 if short or whole else max(1, duration)):
            row = self._in_force(rows, answered, second)
            if row is None:
                return ("outside_bands",)
            if row["action"] == "deny":
                return ("denied",)
        assert first is not None
        if short:
            return ("free", Decimal(0), first["prefix"], 0)
        total, billed, free = self._buy(rows, answered, min(duration, 1) if whole else duration)
        if duration and first["action"] == "rate":
            total += Decimal(first["connection_fee"]) + Decimal(first["regulatory_fee"])
            total += Decimal(first["surcharge"])
        # Thirds of a currency unit have no end: 40 digits keep every tie a tie and every excess an excess.
        total = total.quantize(Decimal(10) ** -40, rounding=decimal.ROUND_HALF_EVEN)
        step = Decimal(10) ** -int(first["decimals"])
        charge = total.quantize(step, rounding=WAYS[first["rounding"]])
        if first.get("max_charge"):
            charge = min(charge, Decimal(first["max_charge"]))
        if duration:
            charge = max(charge, Decimal(first["min_charge"]))
        return ("free" if free else "rated", charge, first["prefix"], billed)

    def _buy(
        self, rows: list[Texts], answered: datetime, duration: int
    ) -> tuple[Decimal, int, bool]:
        """Buy increments, one after the other; return what they cost, how many seconds, whether all are free."""
        total = Decimal(0)
        paid = billed = 0
        free = duration > 0
        while paid < duration:
            row = self._in_force(rows, answered, paid)
            assert row is not None
            initial, later = map(int, row["increment"].split("/"))
            bought = later if paid else initial
            billed += bought
            if row["action"] == "rate":
                free = False
                total += Decimal(row["rate"]) * bought / Decimal(row["per_seconds"])
            paid += bought or 1
        return total, billed, free

    def _for_caller(self, mine: list[Texts], caller: str) -> list[Texts] | None:
        """Return those of a prefix's rows for the longest origin that the caller has; else those
        without. A caller who may be several has those for unknown callers; None: there are none.
        """
        named = {row.get("origin_prefix", "") for row in mine}
        if named == {""}:
            return mine
        if not re.fullmatch(r"\+[1-9][0-9]*\**", caller) or not 8 <= len(caller) <= 16:
            return [row for row in mine if row.get("origin_prefix") == "unknown"] or None
        begins = caller.rstrip("*")
        tails = [""]
        if begins != caller:
            depth = max(len(origin) for origin in named - {"unknown"}) if named - {"unknown"} else 0
            digits = min(caller.count("*"), max(0, depth + 1 - len(begins)))
            tails = ["".join(tail) for tail in product("0123456789", repeat=digits)]
        best = {
            max(
                (o for o in named - {"unknown"} if (begins + tail).startswith("+" + o)),
                key=len,
                default="",
            )
            for tail in tails
        }
        if len(best) > 1:
            return [row for row in mine if row.get("origin_prefix") == "unknown"] or None
        return [row for row in mine if row.get("origin_prefix", "") in best]

    def _in_force(self, rows: list[Texts], answered: datetime, second: int) -> Texts | None:
        """Return the row of the latest tier among those whose band holds at a second of the
        call.
        """
        moment = answered if self.band_policy == "start" else answered + timedelta(seconds=second)
        wall = moment.astimezone(UTC).astimezone(self.zone)
        today = {name for name, dates in self.calendars.items() if f"{wall:%Y-%m-%d}" in dates}
        special = [row for row in rows if row.get("calendar") in today]
        ordinary = [row for row in rows if not row.get("calendar")]
        holding = [
            row
            for row in special or ordinary
            if int(row["from_second"]) <= second and holds(row, wall)
        ]
        return max(holding, key=lambda row: int(row["from_second"]), default=None)

    def price_masked(self, call: Asked) -> set[tuple[object, ...]]:
        """Return the prices of all completions of a masked number."""
        known, hidden = call.to.rstrip("*"), call.to.count("*")
        depths = [len(row["prefix"]) for row in self.rows if row["prefix"].startswith(known[1:])]
        asked = min(hidden, max([0, *(depth - len(known[1:]) for depth in depths)]))
        return {
            self.price(call._replace(to=known + "".join(tail).ljust(hidden, "5")))
            for tail in product("0123456789", repeat=asked)
        }


def is_plain_deny(row: Texts) -> bool:
    """Tell whether a row denies at every hour and whoever calls."""
    return row["action"] == "deny" and not any(
        row.get(name) for name in ("origin_prefix", "start", "end", "days", "calendar")
    )


def holds(row: Texts, wall: datetime) -> bool:
    """Tell whether a row's band holds at a local wall time."""
    start, end = row.get("start") or "00:00", row.get("end") or "24:00"
    now = f"{wall:%H:%M:%S}.{wall.microsecond:06}"
    today, yesterday = DAYS[wall.weekday()], DAYS[wall.weekday() - 1]
    days = named_days(row.get("days") or "mon-sun")
    if start < end:
        return today in days and start <= now < end
    return (today in days and start <= now) or (yesterday in days and now < end)


def named_days(text: str) -> set[str]:
    """Return the days of a text like `mon-fri` or `sat sun`."""
    found: set[str] = set()
    for part in text.split():
        first, _, last = part.partition("-")
        index = DAYS.index(first)
        found.add(first)
        while last and DAYS[index] != last:
            index = (index + 1) % 7
            found.add(DAYS[index])
    return found
