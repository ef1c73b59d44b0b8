"""Events: what a balance event tells recharge besides the balance, and of what it makes a notice."""

from collections.abc import Callable
from typing import Any, Final

from rater.core.recharge.journal import Head, RechargeJournal, credit_id, head
from rater.core.recharge.machine import Signal
from rater.core.recharge.moves import move, resumed, review
from rater.core.recharge.notifying import tell_refused
from rater.core.recharge.payment_reversals import note_refused, release
from rater.core.recharge.state import AutoRecharge, Awaited, Method, Recharge
from topics.records import balance as e
from topics.records import notifications as n

TRIGGERS: Final = ("auto_recharge", "auto_recharge_hours")
"""Thresholds that are recharge's own; what comes of them is told, not that they were crossed."""


_ON_HOLD: Final = (e.ThresholdCrossed, e.ThresholdRearmed, e.BalanceExhausted)
"""What a charge may say besides the limits that it breaks."""


def hear(recharge: Recharge, event: e.Event, journal: RechargeJournal) -> str:
    """Take a balance event: the balance as it is, and what else it says; return the outcome."""
    recharge.now_ms = max(recharge.now_ms, event.at_ms)
    recharge.balance = event.balance_micros
    # The account may have been opened without credits, and been given some since.
    recharge.currency = event.currency
    recharge.hours_remaining = event.hours_remaining
    if isinstance(event, _ON_HOLD) and event.on_hold:
        # The limit's own event comes next: until somebody resumes, nothing is asked for.
        recharge.is_held = True
    heed = _HEED.get(type(event))
    if heed is not None:
        heed(recharge, event, journal)
    review(recharge, journal)
    return "heard"


def _set(recharge: Recharge, event: e.AutoRechargeChanged, journal: RechargeJournal) -> None:
    recharge.settings = AutoRecharge(
        event.enabled,
        event.trigger_micros,
        event.trigger_h,
        event.mode,
        event.amount_micros,
        event.target_micros,
        event.count_cap,
        event.money_cap_micros,
    )


def _methods_changed(
    recharge: Recharge, event: e.PaymentMethodsChanged, journal: RechargeJournal
) -> None:
    recharge.methods = [Method(given) for given in event.methods]
    move(recharge, Signal.RESET)


def _recipients_changed(
    recharge: Recharge, event: e.RecipientsChanged, journal: RechargeJournal
) -> None:
    recharge.emails = event.emails
    recharge.language = event.language
    recharge.webhook = event.webhook
    recharge.statements = event.statements


def _resumed(recharge: Recharge, event: e.Event, journal: RechargeJournal) -> None:
    resumed(recharge)


def _closed(recharge: Recharge, event: e.Event, journal: RechargeJournal) -> None:
    recharge.is_closed = True


def _reopened(recharge: Recharge, event: e.Event, journal: RechargeJournal) -> None:
    """Take up again what was set before the account was closed; the balance is looked at at once."""
    recharge.is_closed = False


def _credited(recharge: Recharge, event: e.FundsCredited, journal: RechargeJournal) -> None:
    """Tell that the credit of a captured payment is on the account; when it was the last, look anew."""
    found = next((each for each in recharge.awaited if each.lot_id == event.lot_id), None)
    if found is None:
        return
    recharge.awaited = [each for each in recharge.awaited if each is not found]
    journal.notices.append(
        n.FundsAddedNotification(
            **head(recharge, f"funds_added/{found.lot_id}"),
            amount_micros=found.amount_micros,
            lot_id=found.lot_id,
            method_label=found.label,
        )
    )
    release(recharge, found.lot_id, journal)
    if not recharge.awaited:
        move(recharge, Signal.CREDITED)


def _refused(recharge: Recharge, event: e.CreditRefused, journal: RechargeJournal) -> None:
    """Wait no longer for a credit of ours that the account refuses; where it was waited for, a human must act."""
    ours = [each for each in recharge.awaited if _is_refused(each, event)]
    recharge.awaited = [each for each in recharge.awaited if each not in ours]
    for refused in ours:
        note_refused(recharge, refused.lot_id)
        if move(recharge, Signal.REFUSED):
            tell_refused(recharge, refused, journal)


def _is_refused(awaited: Awaited, event: e.CreditRefused) -> bool:
    """Say whether that is our own command: somebody else's for the same lot may be refused meanwhile."""
    return (awaited.lot_id, credit_id(awaited)) == (event.lot_id, event.cause_id)


def _suspected(recharge: Recharge, event: e.FraudSuspected, journal: RechargeJournal) -> None:
    recharge.is_held = True
    journal.notices.append(
        n.FraudSuspectedNotification(
            **_heard(recharge, event),
            limit=event.limit,
            denied=event.denied,
            cause_id=event.cause_id,
            limit_micros=event.limit_micros,
            found_micros=event.found_micros,
        )
    )


def _heard(recharge: Recharge, event: e.Event) -> Head:
    """Return the head of a notice of an event: the event's own id, which names the tenant already."""
    return head(recharge, event.event_id.removeprefix(f"{recharge.tenant_id}/"))


def _tell_low(recharge: Recharge, event: e.ThresholdCrossed, journal: RechargeJournal) -> None:
    if event.threshold_id not in TRIGGERS:
        journal.notices.append(
            n.BalanceLowNotification(
                **_heard(recharge, event),
                threshold_id=event.threshold_id,
                cause_id=event.cause_id,
                threshold_micros=event.threshold_micros,
                threshold_h=event.threshold_h,
                hours_remaining=recharge.hours_remaining,
                label=event.label,
            )
        )


def _tell_exhausted(recharge: Recharge, event: e.Event, journal: RechargeJournal) -> None:
    journal.notices.append(
        n.BalanceExhaustedNotification(**_heard(recharge, event), cause_id=event.cause_id)
    )


def _tell_expiring(recharge: Recharge, event: e.FundsExpiring, journal: RechargeJournal) -> None:
    journal.notices.append(
        n.FundsExpiringNotification(
            **_heard(recharge, event),
            lot_id=event.lot_id,
            amount_micros=event.amount_micros,
            days=event.days,
            expires_ms=event.expires_ms,
            category=event.category,
        )
    )


def _tell_reversed(
    recharge: Recharge, event: e.PaymentReversedEvent, journal: RechargeJournal
) -> None:
    journal.notices.append(
        n.PaymentReversedNotification(**_heard(recharge, event), **_moved(event))
    )


def _tell_restored(
    recharge: Recharge, event: e.PaymentRestoredEvent, journal: RechargeJournal
) -> None:
    journal.notices.append(
        n.PaymentRestoredNotification(**_heard(recharge, event), **_moved(event))
    )


def _moved(event: e.PaymentReversedEvent | e.PaymentRestoredEvent) -> dict[str, Any]:
    return {
        "amount_micros": event.amount_micros,
        "lot_id": event.lot_id,
        "reversal": event.reversal,
        "reversal_id": event.reversal_id,
    }


def _tell_expired(recharge: Recharge, event: e.FundsExpired, journal: RechargeJournal) -> None:
    journal.notices.append(
        n.FundsExpiredNotification(
            **_heard(recharge, event),
            lot_id=event.lot_id,
            amount_micros=event.amount_micros,
            category=event.category,
        )
    )


def _tell_pool(recharge: Recharge, event: e.PoolUsed, journal: RechargeJournal) -> None:
    journal.notices.append(
        n.PoolUsedNotification(
            **_heard(recharge, event),
            pool=event.pool,
            plan_name=event.plan_name,
            level=event.level,
            used_s=event.used_s,
            total_s=event.total_s,
            cause_id=event.cause_id,
            user_id=event.user_id,
            pays_later=event.pays_later,
        )
    )


def _tell_credit_limit(
    recharge: Recharge, event: e.CreditLimitReached, journal: RechargeJournal
) -> None:
    journal.notices.append(
        n.CreditLimitReachedNotification(
            **_heard(recharge, event),
            month=event.month,
            limit_micros=event.limit_micros,
            owed_micros=event.owed_micros,
            until_ms=event.until_ms,
            cause_id=event.cause_id,
        )
    )


def _tell_statement(recharge: Recharge, event: e.MonthEnded, journal: RechargeJournal) -> None:
    if recharge.statements:
        journal.notices.append(
            n.StatementReadyNotification(**_heard(recharge, event), month=event.month)
        )


_HEED: dict[type[e.Event], Callable[[Recharge, Any, RechargeJournal], None]] = {
    e.AutoRechargeChanged: _set,
    e.PaymentMethodsChanged: _methods_changed,
    e.RecipientsChanged: _recipients_changed,
    e.RechargeResumedEvent: _resumed,
    e.AccountClosedEvent: _closed,
    e.AccountReopenedEvent: _reopened,
    e.FundsCredited: _credited,
    e.CreditRefused: _refused,
    e.FraudSuspected: _suspected,
    e.ThresholdCrossed: _tell_low,
    e.BalanceExhausted: _tell_exhausted,
    e.FundsExpiring: _tell_expiring,
    e.FundsExpired: _tell_expired,
    e.PaymentReversedEvent: _tell_reversed,
    e.PaymentRestoredEvent: _tell_restored,
    e.PoolUsed: _tell_pool,
    e.CreditLimitReached: _tell_credit_limit,
    e.MonthEnded: _tell_statement,
}
