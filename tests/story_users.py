"""Stories, continued: what is told of users: shown when it changes what one may do.

-> ann may not: in_bundle international overage (user_spend_limit), spent 20.30, until 2024-02-01T00:00:00Z
-> ann may make calls, spent 0.50
"""

from typing import Any

from rater.core.times import to_text
from rater.wire.pricing.amounts import format_micros


def user_line(value: dict[str, Any], told: dict[str, str]) -> str | None:
    """Return what a user's status says, if that is new; `told` is what was said of each before."""
    blocked: dict[str, list[str]] = {}
    for each in value.get("blocked", []):
        blocked.setdefault(each["reason"], []).append(each["call_type"])
    parts = [f"{' '.join(names)} ({reason})" for reason, names in sorted(blocked.items())]
    what = f"may not: {', '.join(parts)}" if parts else "may make calls"
    until = value.get("blocked_until_ms")
    what += "" if until is None else f", until {to_text(until)}"
    name = f"{value['tenant_id']}/{value['user_id']}"
    before, told[name] = told.get(name), what
    if before == what:
        return None
    return f"{value['user_id']} {what}, spent {format_micros(value['spent_micros'])}"
