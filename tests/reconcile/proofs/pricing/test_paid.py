"""What the verdict says of the charges that stand: money, what of it is owed or waived, and seconds of pools."""

from typing import Any

from msgspec import structs

from rater.reconcile.proofs.pricing.paid import (
    CHARGED,
    POST_PAID,
    WAIVED,
    count_pool_seconds,
    sum_charges,
)
from tests.reconcile.folds.test_billing import MINUTE, entries, owing
from tests.reconcile.folds.test_calls import charge
from tests.reconcile.tampering import verdict_on
from topics import records as r

POOL = r.Draw("pool", "2026-12/MCOPSTN5/domestic/FR", None, 14_400)
OWED = r.Draw("post_paid", "2026-12", 100)
LOT = r.Draw("lot", "L1", 26)


def kept(*draws: r.Draw, micros: int = 0, **fields: Any) -> r.Charge:
    made = charge(charge_micros=micros, **fields)
    return structs.replace(made, draws=draws)


def test_each_payer_has_its_sum() -> None:
    charges = [
        kept(POOL, LOT, OWED, micros=126),
        kept(POOL),
        kept(r.Draw("waived", None, 7), micros=7),
    ]

    assert count_pool_seconds(charges) == 28_800
    assert sum_charges(charges) == {
        (CHARGED, "USD"): 133,
        (POST_PAID, "USD"): 100,
        (WAIVED, "USD"): 7,
    }


def test_what_came_to_nothing_is_not_said() -> None:
    assert sum_charges([kept(POOL, currency="XXX")]) == {}


def test_of_post_paid_calls_those_that_stand_are_summed() -> None:
    """The ledger of `owing`: a call is taken back by a void, one by a correction."""
    verdict = verdict_on(owing())
    gone = {entry["reverses"] for entry in entries("charge_reversed")}
    standing = [entry for entry in entries("charge") if entry["entry_id"] not in gone]
    owed = [
        draw for entry in standing for draw in entry["draws"] if draw.get("source") == "post_paid"
    ]

    assert len(gone) == 2
    assert verdict.sums[CHARGED, "USD"] == sum(entry["charge_micros"] for entry in standing)
    assert verdict.sums[POST_PAID, "USD"] == sum(draw["amount_micros"] for draw in owed)
    assert verdict.sums[POST_PAID, "USD"] % MINUTE == 0
    assert verdict.counts["seconds paid by pools"] == 0
