"""Stories, continued: the line `statuses`, after which every status is shown, and not only what it changes.

-> status 5: open, prepaid, 49.80 USD until 2025-01-10T11:40:00Z, allowed everything
-> status 3: open, prepaid, -0.20 USD, debt 0.20, only emergency in_bundle inbound (balance_not_positive)
"""

from typing import Any

from rater.core.times import to_text
from rater.wire.pricing.amounts import format_micros


def shown_status(value: dict[str, Any]) -> str:
    """Return a status in words."""
    parts = [value["state"], value["mode"], *_money(value)]
    if "hours_remaining" in value:
        parts.append(f"lasts {value['hours_remaining']} h")
    parts.append(_allowed(value))
    if "decks" in value:
        parts.append(f"decks {' '.join(value['decks'])}")
    parts += [
        f"{each['licences']} {each['plan_id']} {each['usage_country']}{_later(each, value)}"
        for each in value.get("entitlements", [])
    ]
    parts += [f"{each['mode']}{_later(each, value)}" for each in value.get("modes_to_come", [])]
    parts += _zones(value)
    parts += [
        f"{each['used_s']} of {each['total_s']} s of {each['pool']}"
        for each in value.get("pools", [])
    ]
    parts += _credit(value)
    return f"status {value['seq']}: {', '.join(parts)}"


def _zones(value: dict[str, Any]) -> list[str]:
    """Return by which clocks the months begin, where these change."""
    changes = value.get("time_zone_changes", [])
    later = [
        f"{each['time_zone']} with {each['month']}{_later(each, value)}"
        for each in changes
        if each["valid_from_ms"] > value["at_ms"]
    ]
    return [value["time_zone"], *later] if changes else []


def _credit(value: dict[str, Any]) -> list[str]:
    """Return what is owed of a month with a limit, and what becomes of calls of the unlicensed."""
    parts = []
    if (credit := value.get("credit")) is not None:
        limit = credit.get("limit_micros")
        of = "" if limit is None else f" of {format_micros(limit)}"
        owed = format_micros(credit["owed_micros"])
        parts.append(f"{owed}{of} owed until {to_text(credit['month_ends_ms'])}")
    if "unlicensed_calls" in value:
        parts.append(f"calls of the unlicensed: {value['unlicensed_calls']}")
    return parts


def _money(value: dict[str, Any]) -> list[str]:
    if "balance_micros" not in value:
        return []
    currency = value["currency"]
    funds = value.get("funds", [])
    debt = value["overdraft_micros"]
    return [
        f"{format_micros(value['balance_micros'])} {currency}",
        *[
            f"{format_micros(each['amount_micros'])} until {to_text(each['expires_ms'])}"
            for each in funds
        ],
        *([f"debt {format_micros(debt)}"] if debt else []),
    ]


def _allowed(value: dict[str, Any]) -> str:
    if not value["blocked"]:
        return "allowed everything"
    reasons = sorted({f"{each['reason']}{_code(each)}" for each in value["blocked"]})
    return f"only {' '.join(value['allowed_call_types'])} ({', '.join(reasons)})"


def _code(blocked: dict[str, Any]) -> str:
    return f" {blocked['code']}" if "code" in blocked else ""


def _later(dated: dict[str, Any], value: dict[str, Any]) -> str:
    since = dated["valid_from_ms"]
    return f" from {to_text(since)}" if since > value["at_ms"] else ""
