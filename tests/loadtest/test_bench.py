"""The benchmarks: what pairs say, and what is not asked for."""

from functools import partial

import pytest

from loadtest.bench.__main__ import main
from loadtest.bench.modules import Results
from loadtest.bench.pairs import CORE, by_turns
from loadtest.bench.ratios import ratio


def test_pairs_say_their_median_and_an_interval_around_it() -> None:
    found = ratio([(8.0, 10.0), (9.0, 10.0), (8.5, 10.0), (16.4, 20.0), (8.8, 10.0)])

    assert 0.85 == found.median
    assert 0.79 < found.low < 0.85 < found.high < 0.91


def test_the_inverse_of_pairs_has_the_inverse_interval() -> None:
    pairs = [(8.0, 10.0), (9.5, 10.0), (8.7, 10.0)]
    found, inverse = ratio(pairs), ratio([(that, this) for this, that in pairs])

    assert inverse.low == pytest.approx(1 / found.high)
    assert inverse.high == pytest.approx(1 / found.low)


def test_equal_pairs_leave_no_doubt() -> None:
    found = ratio([(5.0, 10.0)] * 3)

    assert (0.5, 3) == (found.median, found.pairs)
    assert found.high - found.low == pytest.approx(0.0)


def test_one_pair_has_no_interval() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        ratio([(1.0, 2.0)])


def test_workers_and_another_commit_are_not_measured_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--workers", "2", "--against", "HEAD"])

    assert "without --workers" in capsys.readouterr().err


@pytest.mark.parametrize(
    "more", [(), ("--plans", "drawn", "--against", "HEAD"), ("--plans", "held", "--workers", "2")]
)
def test_with_and_without_needs_plans_and_compares_one_worker(
    more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--with-and-without", *more])

    assert "compares --plans with none" in capsys.readouterr().err


def test_each_of_a_pair_goes_first_as_often_as_the_other() -> None:
    order: list[str] = []

    def run(name: str, us: float) -> Results:
        order.append(name)
        return {"core_us_per_cdr": us}

    found = by_turns(4, partial(run, "this", 6.0), partial(run, "that", 5.0), CORE)

    assert ["this", "that", "that", "this"] * 2 == order
    assert 1.2 == found["core_us_per_cdr"]["median"]


def test_a_commit_that_is_none_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == main(["--against", "no-such-commit"])
    assert "no-such-commit" in capsys.readouterr().out
