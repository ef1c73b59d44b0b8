"""Drawn decks: all that a deck can say of the numbers that histories call, by chance.

Fees, surcharges, minimum and cap, grace, one price per call, tiers, bands, other callers, dates of calendars: whether
the reconciler reckons them as the worker does is proven where pools pay a part of a call, where calls are corrected,
and where another version of the deck begins in between.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from random import Random

Cells = dict[str, str]
Bands = tuple[tuple[str, str], ...]

CALENDARS = b"calendar,date\n" + b"".join(
    b"%b,%d-%02d-%02d\n" % (name, year, month, day)
    for name, days in ((b"fair", (1, 2, 3, 28)), (b"feast", (9, 10, 11, 21)))
    for year in (2024, 2025, 2026)
    for month in range(1, 13)
    for day in days
)
"""Dates of two calendars, some in each month."""
CALLED = (
    *(("1", "US", "mixed"), ("1907", "US", "mixed"), ("331", "FR", "landline")),
    *(("3361", "FR", "mobile"), ("4420", "GB", "landline"), ("44", "GB", "landline")),
    *(("447500", "GB", "mobile"), ("38267", "ME", "mobile"), ("33", "FR", "mixed")),
)
TERMS = (("UTC", "split"), ("Europe/Paris", "split"), ("America/New_York", "start"))
"""Time zone, and what a call does where a band ends."""
ORIGINS = (("",), ("",), ("",), ("", "unknown"), ("", "1206", "unknown"))
BANDS: tuple[Bands, ...] = (
    (("", ""),),
    (("", ""),),
    (("08:00", "20:00"), ("20:00", "08:00")),
    (("00:00", "00:30"), ("00:30", "12:00"), ("12:00", "00:00")),
)
TIERS = ((0,), (0,), (0, 60), (0, 61, 150))


def drawn_sheet(chance: Random) -> bytes:
    """Draw a deck; what may not be called, what is inbound and what has no rate are as they are in `acs.csv`."""
    rows: list[Cells] = [
        {"prefix": "449", "action": "deny", "country": "GB", "number_type": "premium", "rate": "0"},
        {"prefix": "1800", "direction": "in", "rate": "0.022", "country": "US"} | fees(chance),
    ]
    for prefix, country, kind in CALLED:
        if prefix in ("33", "1907") and chance.random() < 0.5:
            continue
        for origin in chance.choice(ORIGINS):
            for calendar in ("", *chance.choice(((), (), ("fair",), ("fair", "feast")))):
                where = {"prefix": prefix, "country": country, "number_type": kind}
                slot = where | {"origin_prefix": origin, "calendar": calendar}
                rows += [slot | each for each in slots(chance)]
    return sheet_of(rows)


def sheet_of(rows: Sequence[Cells]) -> bytes:
    """Return rows as CSV."""
    names = sorted({name for row in rows for name in row} | {"rate"})
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def slots(
    chance: Random, bands: Sequence[Bands] = BANDS, tiers: Sequence[Sequence[int]] = TIERS
) -> Iterator[Cells]:
    """Draw the bands of a row, and the tiers of each."""
    for start, end in chance.choice(bands):
        for tier in chance.choice(tiers):
            yield {"start": start, "end": end, "from_second": str(tier)} | terms(chance, tier)


def terms(chance: Random, tier: int) -> Cells:
    """Draw what a row asks for."""
    if chance.random() < 0.08:
        return {"action": "free", "rate": "0"}
    increments = ("", "60/60", "30/6", "1/1", "6/6", "60/1", "90/7", "6/60")
    flat = () if tier else ("60/0", "1/0")
    said = {
        "action": "rate",
        "rate": chance.choice(("0", "0.013", "0.125", "0.0333", "0.708", "0.000000007")),
        "per_seconds": chance.choice(("", "", "1", "7", "3600")),
        "increment": chance.choice((*increments, *flat)),
    }
    return said | fees(chance)


def fees(chance: Random) -> Cells:
    """Draw what a call owes beside its seconds, and its bounds."""
    least, most = chance.choice((("", ""), ("", ""), ("0.2", ""), ("", "0.1"), ("0.05", "0.3")))
    return {
        "connection_fee": chance.choice(("", "", "0.05", "0.000001")),
        "regulatory_fee": chance.choice(("", "", "0.02")),
        "surcharge": chance.choice(("", "", "0.035")),
        "grace_s": chance.choice(("", "", "", "2", "60", "61")),
        "min_charge": least,
        "max_charge": most,
        "rounding": chance.choice(("", "up", "half_even", "down")),
        "decimals": chance.choice(("", "6", "4", "2")),
    }
