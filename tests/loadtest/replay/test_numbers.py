"""Numbers of options: within their bounds, and read as strictly as those of records."""

import click
import pytest

from loadtest.replay.numbers import decimal, whole


def test_numbers_within_bounds_are_taken() -> None:
    assert (whole(1, 64)("64"), whole(1, 64)(1), decimal(0.001, 10)("2.5")) == (64, 1, 2.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0", "must be from 1 to 64, found '0'"),
        ("65", "must be from 1 to 64, found '65'"),
        ("1_0", "must be a whole number, found '1_0'"),
        ("2.5", "must be a whole number, found '2.5'"),
    ],
)
def test_others_are_refused(text: str, said: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        whole(1, 64)(text)
    assert caught.value.message == said


@pytest.mark.parametrize("text", ["nan", "inf", "0", "1e10", "-1"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        decimal(0.001, 1e9)(text)
