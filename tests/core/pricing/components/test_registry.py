"""Components: how the lines share the one rounded sum of a charge."""

from typing import Final, get_args

import pytest

from rater.core.pricing.components import min_charge, usage
from rater.core.pricing.components.registry import FEES, owed_fees, share
from rater.core.pricing.plans import minute_price
from rater.core.pricing.plans.funding import POOL
from rater.core.pricing.rates import Fee
from rater.wire.pricing.deck_columns import COLUMNS
from topics.records.charge import LineKind

FEE: Final = "connection_fee"


Shares = tuple[int, list[tuple[str, int, int | None]]]


def shared(charge: int, *prices: int) -> Shares:
    fees: list[Fee] = [(FEE, price) for price in prices]
    left, lines = share(charge, fees)
    return left, [(line.kind, line.amount_micros, line.rate_nanos) for line in lines]


def test_every_component_is_a_kind_of_line_that_is_published() -> None:
    assert get_args(LineKind) == (
        usage.KIND,
        *FEES,
        min_charge.KIND,
        POOL,
        minute_price.USAGE,
        minute_price.FEE,
    )


def test_every_fee_is_a_column_of_a_deck() -> None:
    assert set(FEES) < set(COLUMNS)


@pytest.mark.parametrize(
    ("charge", "price", "parts"),
    [
        (130, 50, (80, 50)),
        (50, 50, (0, 50)),
        # The cap, or a rounding down, left less than the fee.
        (30, 50, (0, 30)),
        (0, 50, (0, 0)),
    ],
)
def test_a_fee_takes_what_it_is_as_far_as_the_charge_goes(
    charge: int, price: int, parts: tuple[int, int]
) -> None:
    assert shared(charge, price) == (parts[0], [(FEE, parts[1], 50_000)])


def test_a_charge_without_fees_is_all_usage() -> None:
    assert shared(130) == shared(130, 0) == (130, [])


def test_a_call_of_no_seconds_owes_no_fee() -> None:
    assert owed_fees(((FEE, 50),), 0) == [(FEE, 0)]
    assert owed_fees(((FEE, 50),), 1) == [(FEE, 50)]
