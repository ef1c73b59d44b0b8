"""Telling: the notices of recharge's own transitions. What is no news is not told."""

from rater.core.call_classes import PAID_CALLS
from rater.core.recharge.caps import find_cap
from rater.core.recharge.journal import RechargeJournal, transition_head
from rater.core.recharge.state import Awaited, Recharge
from topics.records import PaymentDeclined
from topics.records import notifications as n


def tell_failed(
    recharge: Recharge, declined: PaymentDeclined, next_try_ms: int | None, journal: RechargeJournal
) -> None:
    """Tell the first decline of a recharge; its later ones are no news. `next_try_ms` None: at once, or never."""
    started, attempt = recharge.started[-1], recharge.attempt
    assert attempt is not None, recharge.state
    if started.told:
        return
    started.told = True
    journal.notices.append(
        n.RechargeFailedNotification(
            **transition_head(recharge, "failed"),
            amount_micros=started.amount_micros,
            decline_class=declined.decline_class,
            code=declined.code,
            method_label=attempt.label,
            next_try_ms=next_try_ms,
        )
    )


def tell_paused(
    recharge: Recharge,
    reason: n.PauseReason,
    code: str | None,
    label: str | None,
    journal: RechargeJournal,
) -> None:
    """Tell that nothing more is tried; `code` and `label` are those of the last decline."""
    journal.notices.append(
        n.RechargePausedNotification(
            **transition_head(recharge, "paused"), reason=reason, code=code, method_label=label
        )
    )


def tell_refused(recharge: Recharge, awaited: Awaited, journal: RechargeJournal) -> None:
    """Tell that a captured payment could not be credited, and that nothing more is tried."""
    journal.notices.append(
        n.RechargePausedNotification(
            **transition_head(recharge, "paused"),
            reason="credit_refused",
            method_label=awaited.label,
            amount_micros=awaited.amount_micros,
            lot_id=awaited.lot_id,
        )
    )


def tell_why_paused(recharge: Recharge, journal: RechargeJournal) -> None:
    """Tell that a payment was reversed, that there is no method, or that all have been refused for good."""
    if recharge.is_reversed:
        tell_paused(recharge, "payment_reversed", None, None, journal)
        return
    is_any = bool(recharge.methods)
    tell_paused(recharge, "methods_spent" if is_any else "no_method", None, None, journal)


def tell_capped(recharge: Recharge, journal: RechargeJournal) -> None:
    """Tell that a cap holds; with nothing left on the account, somebody may be spending what is not theirs."""
    cap = find_cap(recharge)
    assert cap is not None, recharge
    recharge.wait_ms = cap.until_ms
    notice = n.RechargeCappedNotification(
        **transition_head(recharge, "capped"),
        cap=cap.cap,
        limit=cap.limit,
        until_ms=cap.until_ms,
    )
    journal.notices.append(notice)
    if recharge.balance <= 0:
        journal.notices.append(
            n.FraudSuspectedNotification(
                **transition_head(recharge, "suspected"),
                limit="recharge_cap",
                denied=PAID_CALLS,
                cause_id=notice.notification_id,
            )
        )
