"""Live or test: said at start, read from the key, and contradicted by neither."""

import pytest

from rater.shell.gateway.providers.stripe.key_mode import KeyModeError, mode_of


@pytest.mark.parametrize(
    ("said", "key", "mode"),
    [
        (None, "sk_test_x", "test"),
        (None, "rk_live_x", "live"),
        ("live", "sk_live_x", "live"),
        ("live", "sk_org_x", "live"),
    ],
)
def test_the_mode_is_what_the_key_or_the_operator_says(said: str, key: str, mode: str) -> None:
    assert mode_of(said, key) == mode  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "key", "why"),
    [
        ("live", "sk_test_x", "--mode live: the Stripe key is one for test"),
        ("test", "rk_live_x", "--mode test: the Stripe key is one for live"),
        (None, "xx_live_secret", "say --mode"),
    ],
)
def test_a_contradiction_is_refused_without_the_key(said: str, key: str, why: str) -> None:
    with pytest.raises(KeyModeError, match=why) as refused:
        mode_of(said, key)  # type: ignore[arg-type]
    assert key not in str(refused.value)
