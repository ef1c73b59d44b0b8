"""Causes: what an event can come of."""

from typing import Literal

CauseKind = Literal[
    "charge",
    "credit",
    "reversal",
    "adjustment",
    "expiry",
    "settings",
    "close",
    "reopen",
    "carry_forward",
]
