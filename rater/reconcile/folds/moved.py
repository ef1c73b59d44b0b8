"""Moved: what an entry moves of the money that accounts hold, by its own draws and lots; and sums of that."""

from collections import Counter
from collections.abc import Iterator

from rater.reconcile.folds.books import LedgerEntry
from topics import records as r

HELD = "held_micros"
IN_GRACE = "in_grace_micros"
CAME = (
    *("funds_added_micros", "adjusted_micros"),
    *("charge_reversed_micros", "payment_restored_micros"),
)
WENT = ("charged_micros", "payment_reversed_micros", "forfeited_micros")
BESIDE = ("owed_micros", "waived_micros")
OPENING = "opening_micros"
SUMS = (HELD, IN_GRACE, *CAME, *WENT, *BESIDE)
"""What steps move, by the names of the manifest."""

_HOLDS = dict.fromkeys(CAME, 1) | dict.fromkeys(WENT, -1)
"""Which way a sum moves what is held."""

Moved = Counter[str]


def add_moved(moved: Moved, entry: LedgerEntry) -> None:
    """Add what an entry moves: to each sum the change in micros."""
    for name, micros in _moved(entry):
        moved[name] += micros
        moved[HELD] += micros * _HOLDS.get(name, 0)


def _moved(entry: LedgerEntry) -> Iterator[tuple[str, int]]:
    match entry.kind:
        case "charge":
            yield from _charged(entry.draws)
        case "charge_reversed":
            yield from _given_back(entry)
        case "funds_added":
            yield "funds_added_micros", entry.lot.granted_micros
        case "payment_restored":
            yield "payment_restored_micros", entry.lot.granted_micros
        case "adjusted":
            granted = 0 if entry.lot is None else entry.lot.granted_micros
            yield "adjusted_micros", granted - sum(_micros(each) for each in entry.draws)
            yield IN_GRACE, -_of_grace(entry.draws)
        case "payment_reversed":
            yield "payment_reversed_micros", sum(_micros(each) for each in entry.draws)
            yield IN_GRACE, -_of_grace(entry.draws)
        case "lot_expired":
            yield IN_GRACE, -entry.amount_micros
        case "lot_forfeited":
            yield "forfeited_micros", entry.forfeited_micros
            yield IN_GRACE, -entry.forfeited_micros


def _charged(draws: tuple[r.Draw, ...]) -> Iterator[tuple[str, int]]:
    for draw in draws:
        if draw.source == "post_paid":
            yield "owed_micros", _micros(draw)
        elif draw.source == "waived":
            yield "waived_micros", _micros(draw)
        elif draw.source != "pool":
            yield "charged_micros", _micros(draw)
    yield IN_GRACE, -_of_grace(draws)


def _given_back(entry: r.ChargeReversed) -> Iterator[tuple[str, int]]:
    for back in entry.returns:
        if back.source == "post_paid":
            yield "owed_micros", -_micros(back)
        elif back.source != "pool":
            yield "charge_reversed_micros", _micros(back)
    if entry.lot is not None:
        yield "charge_reversed_micros", entry.lot.granted_micros
    yield IN_GRACE, _of_grace(entry.returns)


def _of_grace(draws: tuple[r.Draw, ...]) -> int:
    return sum(_micros(each) for each in draws if each.source == "lot" and each.grace)


def _micros(draw: r.Draw) -> int:
    return draw.amount_micros or 0
