"""Minimum charge: what a charge lacks to it is a line with the minimum as its price."""

import pytest

from rater.core.pricing.components.min_charge import missing


@pytest.mark.parametrize(("charge", "lacks"), [(0, 250), (249, 1), (250, None), (251, None)])
def test_what_is_missing_is_a_line_and_nothing_is_none(charge: int, lacks: int | None) -> None:
    lines = [(line.kind, line.amount_micros, line.rate_nanos) for line in missing(charge, 250)]

    assert lines == ([] if lacks is None else [("min_charge", lacks, 250_000)])
