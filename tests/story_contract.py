"""Stories, continued: the words for what a tenant is entitled to, and for who pays later.

    2024-01-10T10:02:00Z acme entitled domestic/US/115 domestic/FR/10 from=2024-01-01T00:00:00Z
    2024-01-10T10:02:00Z acme pays later from=2024-02-01T00:00:00Z
    2024-01-10T10:02:00Z acme pays later limit=100
    2024-01-10T10:02:00Z acme pays before
    2024-01-10T10:02:00Z acme unlicensed suspend
    2024-01-10T10:02:00Z acme user ann US domestic small credits=yes limit=20 calls=domestic conferences=zone

A plan, a country, and how many licences from when on.
"""

from typing import Any

from rater.core.times import to_text
from rater.wire.pricing.amounts import format_micros, parse_micros


def currency_and_decks(plain: list[str]) -> dict[str, Any]:
    """Return what an account needs to have credits; where nothing is said it is to have none."""
    return {"currency": plain[0], "decks": plain[1:]} if plain else {}


def contract(verb: str, plain: list[str], extra: dict[str, str]) -> dict[str, Any]:
    """Return the fields of a command on a contract."""
    since = {"valid_from": extra["from"]} if "from" in extra else {}
    if verb == "credits":
        return {"type": "open_credits"} | currency_and_decks(plain)
    if verb == "user":
        return {"type": "set_user"} | _user(plain, extra) | since
    if verb == "unlicensed":
        return {"type": "set_unlicensed_calls", "calls": plain[0]}
    if verb == "pays":
        mode = {"later": "post_paid", "before": "prepaid"}[plain[0]]
        limit = {"credit_limit_micros": parse_micros(extra["limit"])} if "limit" in extra else {}
        return {"type": "set_billing_mode", "mode": mode} | limit | since
    named = []
    for word in plain:
        plan_id, usage_country, licences = word.split("/")
        row = {"plan_id": plan_id, "usage_country": usage_country, "licences": int(licences)}
        named.append(row)
    return {"type": "set_entitlements", "entitlements": named} | since


def _user(plain: list[str], extra: dict[str, str]) -> dict[str, Any]:
    """Return what a user may do: a name, a country and plans; then what is not the default."""
    user_id, usage_country, *plan_ids = plain
    said: dict[str, Any] = {"user_id": user_id, "usage_country": usage_country}
    said |= {"plan_ids": plan_ids, "credits_licence": extra.get("credits") == "yes"}
    if "limit" in extra:
        said["monthly_spend_limit_micros"] = parse_micros(extra["limit"])
    for name, field in (("calls", "outbound_calls"), ("conferences", "conference_dial_out")):
        said |= {field: extra[name]} if name in extra else {}
    return said


def _set_user(value: dict[str, Any]) -> str:
    limit = value.get("monthly_spend_limit_micros")
    parts = [
        value["usage_country"],
        *value.get("plan_ids", []),
        *(["credits"] if value.get("credits_licence") else []),
        *([] if limit is None else [f"at most {format_micros(limit)} a month"]),
        f"calls {value['outbound_calls']}, conferences {value['conference_dial_out']}",
    ]
    return f"user {value['user_id']}: {', '.join(parts)}{_since(value)}"


def _since(value: dict[str, Any]) -> str:
    back = ", dated back" if value.get("dated_back") else ""
    gone = f", {value['forgotten']} forgotten" if "forgotten" in value else ""
    return f" from {to_text(value['valid_from_ms'])}{back}{gone} as entry {value['seq']}"


def _entitled(value: dict[str, Any]) -> str:
    named = [f"{e['licences']} {e['plan_id']} {e['usage_country']}" for e in value["entitlements"]]
    return f"entitled to {', '.join(named)}{_since(value)}"


def _billing_mode(value: dict[str, Any]) -> str:
    limit = value.get("credit_limit_micros")
    within = "" if limit is None else f" within {format_micros(limit)} a month"
    return f"{value['mode']}{within}{_since(value)}"


def _billing_state(value: dict[str, Any]) -> str:
    """Say how the account pays now: what is owed of the month where there is a limit, until when it is so."""
    limit, until_ms = value.get("credit_limit_micros"), value.get("until_ms")
    owed = value.get("owed_micros", 0)
    within = "" if limit is None else f", {format_micros(owed)} of {format_micros(limit)} owed"
    until = "" if until_ms is None else f" until {to_text(until_ms)}"
    return f"is {value['state']}{within}{until}"


CONTRACT = {
    "user_set": _set_user,
    "entitlements_set": _entitled,
    "entitlements_changed": lambda v: "entitlements changed",
    "unlicensed_calls_set": lambda v: f"calls of the unlicensed: {v['calls']}",
    "billing_mode_set": _billing_mode,
    "billing_state_changed": _billing_state,
    "credit_limit_reached": lambda v: (
        f"credit limit {format_micros(v['limit_micros'])} of {v['month']} reached, "
        f"{format_micros(v['owed_micros'])} owed"
    ),
    "billing_mode_changed": lambda v: "billing mode changed",
    "month_ended": lambda v: f"month {v['month']} ended",
    "pool_used": lambda v: f"{v['level']} % of {v['pool']} used: {v['used_s']} of {v['total_s']} s",
}
"""How entries and events are shown."""
