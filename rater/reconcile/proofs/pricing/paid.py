"""Paid: what the verdict says of the charges that stand, by who pays them; one that was taken back is none of them."""

from collections import Counter
from collections.abc import Iterable

from topics import records as r

POOL_SECONDS = "seconds paid by pools"
CHARGED = "charged"
POST_PAID = "charged, and owed of its month"
WAIVED = "charged, and waived"


def count_pool_seconds(entries: Iterable[r.Entry]) -> int:
    """Return the seconds that pools have paid."""
    return sum(
        draw.quantity or 0
        for charge in _standing(entries)
        for draw in charge.draws
        if draw.source == "pool"
    )


def sum_charges(entries: Iterable[r.Entry]) -> Counter[tuple[str, str]]:
    """Return the money charged, and what of it is owed or waived; nothing of what has come to nothing."""
    sums: Counter[tuple[str, str]] = Counter()
    names = {"post_paid": POST_PAID, "waived": WAIVED}
    for charge in _standing(entries):
        sums[CHARGED, charge.currency] += charge.charge_micros
        for draw in charge.draws:
            if draw.source in names:
                sums[names[draw.source], charge.currency] += draw.amount_micros or 0
    return +sums


def _standing(entries: Iterable[r.Entry]) -> list[r.Charge]:
    kept = list(entries)
    gone = {entry.reverses for entry in kept if isinstance(entry, r.ChargeReversed)}
    return [entry for entry in kept if isinstance(entry, r.Charge) and entry.entry_id not in gone]
