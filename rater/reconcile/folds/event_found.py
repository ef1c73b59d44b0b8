"""A balance event as it was found, in the form in which it is held against what the ledger implies."""

from typing import Any

from rater.reconcile.folds.books import BalanceEvent
from rater.reconcile.folds.pool_alerts import alert_of
from rater.reconcile.folds.threshold_events import Edge


def edge_of(event: BalanceEvent) -> Edge:
    """Return an event as it was found."""
    return Edge(
        event.event_id,
        event.tenant_id,
        event.kind,
        event.seq,
        event.at_ms,
        event.currency,
        event.balance_micros,
        event.cause,
        event.cause_id,
        event.hours_remaining,
        *_said(event),
    )


_MORE = {
    "credit_refused": ("reason", "payment_command_id"),
    "funds_credited": ("category",),
    "funds_expired": ("category",),
    "funds_expiring": ("days", "expires_ms", "category"),
    "payment_reversed": ("reversal", "reversal_id"),
    "payment_restored": ("reversal", "reversal_id"),
}
"""What the events of a lot say besides the lot and its amount."""


def _said(
    event: BalanceEvent,
) -> tuple[str | None, int | None, tuple[object, ...]]:
    """Return subject, amount and what else an event says."""
    match event.kind:
        case "threshold_crossed" | "threshold_rearmed":
            label = (event.label,) if event.kind == "threshold_crossed" else ()
            more = (event.threshold_h, *label, event.on_hold)
            return event.threshold_id, event.threshold_micros, more
        case "balance_exhausted":
            return None, None, (event.on_hold,)
        case (
            "funds_credited"
            | "credit_refused"
            | "funds_expired"
            | "funds_expiring"
            | "payment_reversed"
            | "payment_restored"
        ):
            told = (getattr(event, name) for name in _MORE[event.kind])
            return event.lot_id, event.amount_micros, tuple(told)
        case "credit_limit_reached":
            return event.month, event.owed_micros, (event.limit_micros, event.until_ms)
        case "fraud_suspected" | "pool_used" | "month_ended":
            return _passed(event)
        case _:
            return None, None, _said_of_settings(event)


def _passed(event: Any) -> tuple[str, int | None, tuple[object, ...]]:
    if event.kind == "month_ended":
        return event.month, None, ()
    if event.kind == "pool_used":
        more = (event.pool, event.plan_name, event.total_s, event.user_id, event.pays_later)
        return alert_of(event).subject(), event.used_s, more
    return event.limit, event.found_micros, (event.limit_micros, *event.denied)


def _said_of_settings(event: BalanceEvent) -> tuple[object, ...]:
    match event.kind:
        case "auto_recharge_changed":
            numbers = (event.amount_micros, event.target_micros)
            caps = (event.count_cap, event.money_cap_micros)
            trigger = (event.trigger_micros, event.trigger_h)
            return (event.enabled, *trigger, event.mode, *numbers, *caps)
        case "payment_methods_changed":
            return tuple((m.reference, m.customer, m.label) for m in event.methods)
        case "recipients_changed":
            return (len(event.emails), event.language, event.webhook is not None, event.statements)
        case _:
            return ()
