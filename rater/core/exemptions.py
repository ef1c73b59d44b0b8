"""Exemptions: calls that nobody pays, whatever the decks say.

Rule 1: a call that was not answered, or lasted no second, costs nothing and has no connection fee.
Rule 2: emergency calls are free; the numbers are data, per country, `*` for everywhere.
Rule 3: a call to an ordinary number of the tenant (not toll-free, not a service number) is free to receive.
"""

from collections.abc import Mapping
from typing import Final

from rater.core.cdr import Cdr

Emergency = Mapping[str, frozenset[str]]

ORDINARY: Final = frozenset((None, "", "subscriber"))
"""Number types whose inbound calls are free."""


EMERGENCY_CALLS: Final = frozenset(("emergency", "emergency_out", "dr_emergency_out"))
"""Call types that say so themselves."""


def exemption(cdr: Cdr, emergency: Emergency) -> str | None:
    """Return why the call is free, or None where a deck must price it."""
    if cdr.disposition != "answered":
        return "unanswered"
    if cdr.billsec == 0:
        return "zero_duration"
    if cdr.direction == "in":
        return "inbound" if cdr.service_number_type in ORDINARY else None
    if cdr.to[0] != "+" and _is_emergency(cdr, emergency):
        return "emergency"
    return "emergency" if cdr.call_type in EMERGENCY_CALLS else None


def _is_emergency(cdr: Cdr, emergency: Emergency) -> bool:
    return cdr.to in emergency.get(cdr.usage_country or "*", ()) or cdr.to in emergency.get("*", ())
