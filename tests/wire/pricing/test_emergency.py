"""Emergency numbers that ship with the package."""

from rater.wire.pricing.emergency import load_emergency, parse_emergency


def test_emergency_numbers_are_by_country() -> None:
    numbers = load_emergency()

    assert {"112", "15", "17", "18"} <= numbers["FR"]
    assert {"112", "999"} <= numbers["GB"]
    assert "911" in numbers["US"]
    assert numbers["*"] == {"112", "911"}


def test_one_country_may_have_several() -> None:
    assert parse_emergency("country,number\nFR,15\nFR,17\n") == {"FR": frozenset(("15", "17"))}
