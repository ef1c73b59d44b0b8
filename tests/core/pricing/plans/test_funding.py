"""Funding: what a charge says of the pools that pay it."""

from rater.core.pricing.plans.funding import Funding, PoolDraw
from topics.records import Draw


def test_a_funding_is_what_it_says() -> None:
    draws = (PoolDraw("2026-03/CALLS/all/DE", 60, False), PoolDraw("2026-03/OWN/user=a", 6, True))

    assert Funding(draws, 1, 3) == Funding(draws, 1, 3)
    assert Funding(draws, 1, 3).paid_s == 66
    assert Funding(draws, 1, 3).draws == (
        Draw("pool", "2026-03/CALLS/all/DE", None, 60),
        Draw("pool", "2026-03/OWN/user=a", None, 6),
    )
    assert Funding(draws, 1, 3) != Funding(draws, 1, 4)
    assert Funding(draws, 1, 3) != Funding((), 1, 3)
