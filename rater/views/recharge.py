"""Recharge: what a tenant's recharge is doing, and why, from what it keeps."""

from typing import Any, Final

from rater.core.limits import NEVER_MS
from rater.core.recharge.machine import State
from rater.core.recharge.state import COUNT_WINDOW_MS, AutoRecharge, Recharge
from rater.core.times import to_text
from rater.views.amounts import money

_BY_STATE: Final = {
    State.REQUESTED: "a payment was asked for, its result is awaited",
    State.UNKNOWN: "nobody knows yet what became of a payment: the same is asked again",
    State.CANCELLING: "a payment is taken back, since consent was withdrawn",
    State.BACKING_OFF: "a payment was declined for now",
    State.CREDITING: "a payment was captured, its credit is awaited",
    State.CAPPED: "needed, but a cap of recharges holds it back",
    State.ON_HOLD: "needed, but fraud is suspected: resume_recharge ends that",
    State.PAYMENTS_HELD: "needed, but the charging settings hold payments",
}


def why(recharge: Recharge) -> str:
    """Return in a few words why a recharge is in its state."""
    if (said := _BY_STATE.get(recharge.state)) is not None:
        return said
    if recharge.state is State.PAUSED:
        return _why_paused(recharge)
    if recharge.is_closed:
        return "the account is closed"
    if not recharge.settings.enabled:
        return "auto-recharge is off"
    return "nothing is needed: the balance is not below the trigger"


def _why_paused(recharge: Recharge) -> str:
    resume = "resume_recharge goes on"
    if recharge.is_reversed:
        return f"the provider took money of a payment back: {resume}"
    if recharge.started and recharge.started[-1].refused:
        return f"money was captured that the account refused: see to it, then {resume}"
    if not recharge.methods:
        return "there is no payment method: set_payment_methods"
    if all(method.is_out for method in recharge.methods):
        return f"every payment method was refused for good: set_payment_methods, or {resume}"
    return f"all tries were declined: {resume}"


def next_ms(recharge: Recharge) -> int | None:
    """Return when it is looked at again by itself; None: something must be heard first."""
    times = [recharge.wait_ms]
    if recharge.attempt is not None:
        times.append(recharge.attempt.due_ms)
    earliest = min(times)
    return None if earliest >= NEVER_MS else earliest


def recharge_fields(recharge: Recharge) -> dict[str, Any]:
    """Return a recharge for programs, under the names of the published records."""
    settings, attempt = recharge.settings, recharge.attempt
    fields: dict[str, Any] = {
        "state": str(recharge.state),
        "why": why(recharge),
        "next_ms": next_ms(recharge),
        "enabled": settings.enabled,
        "mode": settings.mode,
        "trigger_micros": settings.trigger_micros,
        "trigger_h": settings.trigger_h,
        "amount_micros": settings.amount_micros,
        "target_micros": settings.target_micros,
        "count_cap": settings.count_cap,
        "money_cap_micros": settings.money_cap_micros,
        "on_hold": recharge.is_held,
        "methods": [
            {
                "reference": each.given.reference,
                "label": each.given.label,
                "refused": each.is_out,
            }
            for each in recharge.methods
        ],
    }
    if attempt is not None:
        fields["attempt"] = {
            "recharge_id": recharge.started[-1].recharge_id if recharge.started else None,
            "attempt": attempt.number,
            "method": attempt.method,
            "requested_ms": attempt.requested_ms,
        }
    return fields


def recharge_lines(recharge: Recharge, now_ms: int) -> list[str]:
    """Return a recharge for people."""
    at_ms = next_ms(recharge)
    again = "" if at_ms is None else f"; looked at again {to_text(at_ms)}"
    lines = [
        f"recharge    {recharge.state}: {why(recharge)}{again}",
        f"  set       {_settings(recharge.settings, recharge.currency)}",
    ]
    lines += [
        f"  method    {each.given.label or each.given.reference}{', refused' if each.is_out else ''}"
        for each in recharge.methods
    ]
    lately = [each for each in recharge.started if each.started_ms > now_ms - COUNT_WINDOW_MS]
    if lately:
        captured = sum(len(each.captures) for each in lately)
        lines.append(f"  24 hours  {len(lately)} begun, {captured} payments captured")
    return lines


def _settings(settings: AutoRecharge, currency: str) -> str:
    if not settings.enabled:
        return "off"
    triggers = []
    if settings.trigger_micros is not None:
        triggers.append(f"below {money(settings.trigger_micros, currency)}")
    if settings.trigger_h is not None:
        triggers.append(f"with less than {settings.trigger_h} hours left")
    if settings.mode == "target":
        size = f"up to {money(settings.target_micros, currency)}"
    else:
        size = money(settings.amount_micros, currency)
        size = f"as often {size} as closes the gap" if settings.mode == "gap" else size
    return f"{' or '.join(triggers)}: {size}"
