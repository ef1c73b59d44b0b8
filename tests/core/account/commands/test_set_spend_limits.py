"""The limits of the breaker."""

from rater.core.account.account import HighRateWatch
from tests.build import account
from tests.core.account.asked import BY_ANN, posted
from topics import records as r


def test_high_rate_destinations_are_remembered_while_they_are_watched() -> None:
    there = account(high_rate=HighRateWatch(5, 1, ["+44"], [7]))
    posted(r.SetSpendLimits("s1", "acme", None, 9, 6, 2, **BY_ANN), there)
    assert (there.spending.high_rate, there.spending.cost_limit) == (
        HighRateWatch(6, 2, ["+44"], [7]),
        9,
    )

    posted(r.SetSpendLimits("s2", "acme", **BY_ANN), there)
    assert (there.spending.high_rate, there.spending.cost_limit) == (None, 0)


def test_spend_limits_have_no_event() -> None:
    assert posted(r.SetSpendLimits("s1", "acme", **BY_ANN)).events == []
