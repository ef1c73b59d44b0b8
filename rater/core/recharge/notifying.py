"""Telling: the notices of recharge's own transitions. What is no news is not told."""

from rater.core.call_classes import PAID_CALLS
from rater.core.recharge import notifications as n
from rater.core.recharge.caps import find_cap
from rater.core.recharge.journal import RechargeJournal, transition_head
from rater.core.recharge.payments import Declined
from rater.core.recharge.state import Awaited, Recharge


def tell_failed(
    recharge: Recharge, declined: Declined, next_try_ms: int | None, journal: RechargeJournal
) -> None:
    """Tell the first decline of a recharge; its later ones are no news. `next_try_ms` None: at once, or never."""
    started, attempt = recharge.started[-1], recharge.attempt
    assert attempt is not None, recharge.state
    if started.told:
        return
    started.told = True
    journal.notices.append(
        n.RechargeFailed(
            *transition_head(recharge, "failed"),
            started.amount_micros,
            "hard" if declined.is_hard else "soft",
            declined.code,
            attempt.label,
            next_try_ms,
        )
    )


def tell_paused(
    recharge: Recharge, reason: str, code: str | None, label: str | None, journal: RechargeJournal
) -> None:
    """Tell that nothing more is tried; `code` and `label` are those of the last decline."""
    notice_head = transition_head(recharge, "paused")
    journal.notices.append(n.RechargePaused(*notice_head, reason, code, label))


def tell_refused(recharge: Recharge, awaited: Awaited, journal: RechargeJournal) -> None:
    """Tell that a captured payment could not be credited, and that nothing more is tried."""
    notice_head = transition_head(recharge, "paused")
    captured = (awaited.label, awaited.amount_micros, awaited.lot_id)
    journal.notices.append(n.RechargePaused(*notice_head, "credit_refused", None, *captured))


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
    notice_head = transition_head(recharge, "capped")
    notice = n.RechargeCapped(*notice_head, cap.cap, cap.limit, cap.until_ms)
    journal.notices.append(notice)
    if recharge.balance <= 0:
        suspicion = transition_head(recharge, "suspected")
        journal.notices.append(
            n.FraudIsSuspected(*suspicion, "recharge_cap", PAID_CALLS, notice.notification_id)
        )
