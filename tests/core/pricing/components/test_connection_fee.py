"""Connection fee: owed by what was connected."""

from rater.core.pricing.components.connection_fee import owed


def test_a_call_of_any_length_owes_it_and_one_of_none_does_not() -> None:
    assert [owed(50, seconds) for seconds in (0, 1, 3_600)] == [0, 50, 50]
