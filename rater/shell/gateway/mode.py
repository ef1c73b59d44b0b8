"""Mode: whether a gateway moves real money or plays; said when it starts, and checked against every payment.

Stripe's keys say it themselves (`sk_test_`, `rk_live_`); a payment says it as `livemode`. What contradicts is no guess
of ours: at start it is refused, later it is quarantined by recharge.
"""

import re
from typing import Literal

Mode = Literal["live", "test"]

_KEY = re.compile(r"(?:sk|rk)_(?P<mode>live|test)_.+", re.DOTALL)


class ModeError(Exception):
    """The mode is not known, or is contradicted; the message never holds the key."""


def mode_of_key(key: str) -> Mode | None:
    """Return what a Stripe key says of itself; None where it says nothing."""
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    return "live" if found["mode"] == "live" else "test"


def mode_of(said: Mode | None, key: str) -> Mode:
    """Return the mode of a key; ModeError where `said` is another, or where neither says it."""
    by_key = mode_of_key(key)
    if by_key is None and said is None:
        raise ModeError(
            "the Stripe key does not begin with sk_test_, rk_test_, sk_live_ or rk_live_: say --mode"
        )
    if said is not None and by_key not in (None, said):
        raise ModeError(f"--mode {said}: the Stripe key is one for {by_key}")
    mode = said or by_key
    assert mode is not None, said
    return mode


def mode_of_simulator(said: Mode | None) -> Mode:
    """Return test: the simulator moves no money; ModeError where live was asked for."""
    if said == "live":
        raise ModeError("--mode live: the simulator moves no money, its mode is test")
    return "test"
