"""Key mode: Stripe's keys say whether they move real money (`sk_test_`, `rk_live_`), as each payment does (`livemode`).

What contradicts is no guess of ours: at start it is refused, later it is quarantined by recharge.
"""

import re

from rater.shell.gateway.providers.provider import Mode

_KEY = re.compile(r"(?:sk|rk)_(?P<mode>live|test)_.+", re.DOTALL)


class KeyModeError(Exception):
    """The mode is not known, or is contradicted; the message never holds the key."""


def mode_of_key(key: str) -> Mode | None:
    """Return what a Stripe key says of itself; None where it says nothing."""
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    return "live" if found["mode"] == "live" else "test"


def mode_of(said: Mode | None, key: str) -> Mode:
    """Return the mode of a key; KeyModeError where `said` is another, or where neither says it."""
    by_key = mode_of_key(key)
    if by_key is None and said is None:
        raise KeyModeError(
            "the Stripe key does not begin with sk_test_, rk_test_, sk_live_ or rk_live_: say --mode"
        )
    if said is not None and by_key not in (None, said):
        raise KeyModeError(f"--mode {said}: the Stripe key is one for {by_key}")
    mode = said or by_key
    assert mode is not None, said
    return mode
