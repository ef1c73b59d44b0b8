"""Call class: of a call that was charged, as `topics.fields.CallClass` says it; as far as the entry tells.

An outgoing call whose place is not on the entry is `outgoing`: whether it left the country nobody can say of it. What
was free for another reason than those of the classes is `free`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rater.core.call_types import is_conference

CLASSES: Final = (
    *("in_bundle", "overage", "international", "outgoing", "conference_dial_out", "toll_free"),
    *("inbound", "emergency", "free"),
)
"""In the order in which they are told."""
CountryOf = Callable[[str], str | None]
"""Returns the country of a number."""


def class_of(entry: Mapping[str, Any], country_of: CountryOf) -> str:
    """Return the class of a charge."""
    call, reason = entry["call"], entry.get("reason")
    if reason is not None:
        return reason if reason in {"emergency", "inbound"} else "free"
    if _is_all_in_bundle(entry):
        return "in_bundle"
    if call["direction"] == "in":
        return "toll_free"
    if is_conference(call.get("call_type")):
        return "conference_dial_out"
    home = call.get("usage_country")
    if home is None:
        return "outgoing"
    return (
        "overage"
        if country_of(call.get("routing_number") or call["to"]) == home
        else "international"
    )


def _is_all_in_bundle(entry: Mapping[str, Any]) -> bool:
    """Tell whether pools pay it to the last second: none is left to usage that the deck prices."""
    kinds = {line["kind"] for line in entry.get("lines", ())}
    return "pool" in kinds and "usage" not in kinds
