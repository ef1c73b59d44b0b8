"""What a job may move: of a tenant and in all, in each currency."""

from rater.shell.rerating.limits import Beyond, Limits, beyond

LIMITS = Limits(per_tenant=100, in_all=250)


def test_what_is_within_passes() -> None:
    assert beyond({}, LIMITS) == []
    assert beyond({("a", "USD"): 100, ("b", "USD"): 100, ("a", "EUR"): 100}, LIMITS) == []


def test_a_tenant_beyond_its_limit_is_named_and_all_together_the_largest_first() -> None:
    moved = {("a", "USD"): 101, ("b", "USD"): 100, ("c", "USD"): 50, ("a", "EUR"): 250}

    assert beyond(moved, LIMITS) == [
        Beyond(None, "USD", 251, 250),
        Beyond("a", "EUR", 250, 100),
        Beyond("a", "USD", 101, 100),
    ]
