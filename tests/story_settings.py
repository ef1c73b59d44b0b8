"""Stories, continued: the words for settings, runway, warnings and the breaker.

    2024-01-10T10:02:00Z acme auto on trigger=100 amount=200
    2024-01-10T10:02:00Z acme auto off
    2024-01-10T10:02:00Z acme methods pm_1 pm_2
    2024-01-10T10:02:00Z acme recipients ann@example.com language=fr
    2024-01-10T10:02:00Z acme limits hour=50 call=5 rate=0.5 most=2
    2024-01-10T10:02:00Z acme resume
    2024-01-10T10:02:00Z acme zone Asia/Tokyo

A `~` in a method is a blank. `role=` and `actor=` go with all of them; a threshold in hours is written `soon=8h`.
"""

import json
from collections.abc import Callable
from typing import Any

from rater.core.charging_settings import ChargingSettings, Held, SettingsBook
from rater.core.times import to_text
from rater.wire.pricing.amounts import format_micros, parse_micros
from rater.wire.settings.charging_settings import decode_settings
from rater.wire.settings.currencies import shipped_book
from rater.wire.settings.settings_file import complete

_AMOUNTS = {
    "trigger": "trigger_micros",
    "amount": "amount_micros",
    "target": "target_micros",
    "cap": "money_cap_micros",
    "hour": "spend_per_hour_micros",
    "call": "cost_per_call_micros",
    "rate": "high_rate_micros",
}
_NUMBERS = {"hours": "trigger_h", "count": "count_cap", "most": "new_high_rate_destinations_max"}
_TEXTS = {"role": "actor_role"}


def setting(verb: str, plain: list[str], extra: dict[str, str]) -> dict[str, Any]:
    """Return the fields of a command that is a setting."""
    fields = dict(map(_field, extra.items()))
    match verb:
        case "auto":
            return {"type": "set_auto_recharge", "enabled": plain == ["on"]} | fields
        case "methods":
            methods = [{"reference": each.replace("~", " ")} for each in plain]
            return {"type": "set_payment_methods", "methods": methods} | fields
        case "recipients":
            told = (
                {"statements": fields.pop("statements") == "on"} if "statements" in fields else {}
            )
            return {"type": "set_recipients", "emails": plain} | fields | told
        case "limits":
            return {"type": "set_spend_limits"} | fields
        case "zone":
            return {"type": "set_time_zone", "time_zone": plain[0]} | fields
        case "resume":
            return {"type": "resume_recharge"} | fields
    raise AssertionError(verb)


def masking(words: list[str]) -> SettingsBook:
    """Return settings that hide the last digits of numbers: by beginning, and of all others."""
    pairs = (word.split("=") for word in words)
    masks = [{"prefix": prefix, "digits": int(digits)} for prefix, digits in pairs]
    version = {"version": 1, "valid_from": "2000-01-01T00:00:00Z", "number_masks": masks}
    settings = decode_settings(json.dumps(complete(version)).encode())
    assert isinstance(settings, ChargingSettings), settings
    return shipped_book().with_version(settings)


PUBLISHED = ("freecall", "promotional", "payments")
"""What a version of the settings may change in the middle of a story."""


def published(book: SettingsBook, what: str, said: list[str], since_ms: int) -> SettingsBook:
    """Return the settings with a version more: by which a call is free after so many days, ...

    payments: `held`, of all or of those named, or `free`.
    """
    match what, said:
        case "freecall", [days]:
            changes: dict[str, object] = {"freecall_after_days": int(days)}
        case "promotional", [drawn]:
            changes = {"promotional_credit": drawn}
        case "payments", [held, *named]:
            changes = {"held_payments": Held(held == "held" and not named, tuple(named))}
        case _:
            raise AssertionError(what, said)
    return _with(book, since_ms, **changes)


def _with(book: SettingsBook, since_ms: int, **changes: object) -> SettingsBook:
    before = book.at(since_ms)
    names = before.__match_args__
    fields = {each: getattr(before, each) for each in names}
    fields |= {"version": max(each.version for each in book.versions) + 1}
    fields |= {"valid_from_ms": since_ms, **changes}
    return book.with_version(ChargingSettings(*[fields[each] for each in names]))


def given(plain: list[str], extra: dict[str, str], now: str) -> dict[str, Any]:
    """Return the fields of a command that gives promotional credit: `give GIFT 5 expires=2024-02-01T00:00:00Z`."""
    fields = {
        "type": "add_funds",
        "lot_id": plain[0],
        "amount_micros": parse_micros(plain[1]),
        "currency": "USD",
        "purchased_at": extra.get("given", now),
        "category": extra.get("category", "promotional"),
    }
    return fields | ({"expires_at": extra["expires"]} if "expires" in extra else {})


def threshold(name: str, text: str) -> dict[str, Any]:
    """Return a threshold: an amount, or hours where the text ends in h."""
    if text.endswith("h"):
        return {"threshold_id": name, "hours": int(text[:-1])}
    return {"threshold_id": name, "amount_micros": parse_micros(text)}


def _field(pair: tuple[str, str]) -> tuple[str, Any]:
    name, text = pair
    if name in _AMOUNTS:
        return _AMOUNTS[name], parse_micros(text)
    if name in _NUMBERS:
        return _NUMBERS[name], int(text)
    return _TEXTS.get(name, name), text


def _money(micros: int) -> str:
    whole, _, decimals = format_micros(micros).partition(".")
    return f"{whole}.{decimals:0<2}"


def _end(value: dict[str, Any]) -> str:
    return f" = {_money(value['balance_micros'])}"


def _auto(value: dict[str, Any]) -> str:
    if not value["enabled"]:
        return "auto-recharge off"
    below = [_money(value["trigger_micros"])] if "trigger_micros" in value else []
    below += [f"{value['trigger_h']} h"] if "trigger_h" in value else []
    much = value.get("amount_micros") or value.get("recharge_micros") or value["target_micros"]
    return f"auto-recharge {value.get('mode', 'fixed')} {_money(much)} below {' or '.join(below)}"


def at_hours(value: dict[str, Any]) -> str:
    """Return what a threshold in hours and the runway are."""
    hours = value["hours_remaining"]
    runway = "no end" if hours is None else f"{hours} h"
    return f"{value['threshold_id']} {value['threshold_h']} h, runway {runway}"


def _zone(value: dict[str, Any]) -> str:
    since = to_text(value["valid_from_ms"])
    where = f"{value['time_zone']} after {value['previous_time_zone']}"
    return f"set time zone {where} with {value['month']}, from {since} on{_end(value)}"


def _held(value: dict[str, Any]) -> str:
    found, limit = value["found_micros"], value["limit_micros"]
    if value["limit"] != "new_destinations":
        return f"{value['limit']} {_money(found)} > {_money(limit)}, denied {' '.join(value['denied'])}"
    return f"{value['limit']} {found} > {limit}, denied {' '.join(value['denied'])}"


SHOWN: dict[str, Callable[[dict[str, Any]], str]] = {
    "lot_expiry_warned": lambda v: (
        f"warned of {v['lot_id']} {_money(v['remaining_micros'])}, {v['days']} d{_end(v)}"
    ),
    "funds_expiring": lambda v: (
        f"funds expiring {v['lot_id']} {_money(v['amount_micros'])} in {v['days']} d"
    ),
    "auto_recharge_set": lambda v: f"set {_auto(v)}{_end(v)}",
    "auto_recharge_changed": lambda v: f"changed {_auto(v)}",
    "payment_methods_set": lambda v: f"set {len(v['methods'])} payment methods{_end(v)}",
    "payment_methods_changed": lambda v: (
        f"changed payment methods {' '.join(m['reference'] for m in v['methods'])}"
    ),
    "recipients_set": lambda v: f"set {v['emails']} recipients in {v['language']}{_end(v)}",
    "recipients_changed": lambda v: f"changed recipients {' '.join(v['emails'])}",
    "time_zone_set": _zone,
    "spend_limits_set": lambda v: f"set spend limits{_end(v)}",
    "spend_limit_tripped": lambda v: f"held {v['cdr_id']} {_held(v)}{_end(v)}",
    "fraud_suspected": lambda v: f"fraud suspected {_held(v)}",
}
"""How entries and events are shown; some, such as `account_closed`, are both."""


def shown_twice(value: dict[str, Any]) -> str | None:
    """Show a kind that is both an entry and an event, None where it is another kind."""
    is_entry = "entry_id" in value
    if value["kind"] == "recharge_resumed":
        if is_entry:
            return f"resumed {' '.join(value['allowed']) or 'nothing'}{_end(value)}"
        return "recharge resumed"
    if value["kind"] == "credits_opened":
        given = " ".join([value["currency"], *value.get("decks", [])])
        return f"credits opened: {given}{_end(value)}" if is_entry else "credits opened"
    if value["kind"] == "account_closed":
        return f"closed{_end(value)}" if is_entry else "account closed"
    if value["kind"] == "account_reopened":
        return f"reopened{_end(value)}" if is_entry else "account reopened"
    return None
