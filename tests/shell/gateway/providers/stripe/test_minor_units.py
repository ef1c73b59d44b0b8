"""Minor units: exactly, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.shell.gateway.providers.stripe.minor_units import to_micros, to_minor, unit_micros


@pytest.mark.parametrize(
    ("micros", "currency", "minor"),
    [
        (200_000_000, "USD", 20_000),
        (10_000, "EUR", 1),
        (9_999, "EUR", None),
        (50_005_000, "USD", None),
        (500_000_000, "JPY", 500),
        (500_500_000, "JPY", None),
        (5_120_000, "KWD", 5_120),
        (5_124_000, "KWD", None),
        (5_000_000, "ISK", 500),
        (5_500_000, "ISK", None),
        (5_000_000, "UGX", 500),
        (7_000_000, "MGA", 7),
    ],
)
def test_an_amount_in_stripes_units(micros: int, currency: str, minor: int | None) -> None:
    assert minor == to_minor(micros, currency)


@given(st.integers(1, 10**15), st.sampled_from(["USD", "JPY", "KWD", "ISK", "XXX"]))
def test_what_can_be_said_is_said_exactly(micros: int, currency: str) -> None:
    minor = to_minor(micros, currency)

    assert minor is None or to_micros(minor, currency) == micros
    assert to_minor(micros * 1_000_000, currency) is not None
    assert isinstance(unit_micros(currency), int)
