"""Thresholds: which a change of balance crosses, and which it re-arms (D10).

Rule 1: a threshold is crossed when it is armed and the balance is below it, strictly; it fires once and is disarmed.
Rule 2: it is re-armed when the balance is at or above it again.
Rule 3: several crossed by one entry fire from the highest to the lowest; re-arming goes the other way.
Rule 4: exhaustion is crossed from above zero to zero or below.
Rule 5: thresholds in hours do likewise with the runway, after all that; without a runway nothing is below it.
Rule 6: while the account pays later nothing is crossed nor re-armed. When it begins to, a balance that was exhausted
        counts as restored; when it stops, what is crossed by then is told, and an exhausted balance, too.
Rule 7: what happens while a limit of spending is broken says so (`on_hold`), by the very charge that breaks it, too.
"""

from rater.core.account.account import FAR, Account, Threshold, pays_later
from rater.core.account.burn import hours_remaining
from rater.core.account.cause import Cause
from rater.core.account.heads import event_head
from topics.records import balance as v


def is_funded(account: Account) -> bool:
    """Tell whether paid calls have what pays them: a balance, or that they are paid later."""
    return account.balance > 0 or pays_later(account)


def cross(
    account: Account,
    was_funded: bool,  # noqa: FBT001
    cause: Cause,
    events: list[v.Event],
    is_broken: bool = False,  # noqa: FBT001, FBT002
) -> None:
    """Append the events of a change, before which the account `was_funded`; thresholds are in descending order.

    `is_broken`: the charge breaks a limit of spending that had not tripped yet; its hold is yet to be posted.
    """
    if pays_later(account):
        if not was_funded:
            events.append(v.BalanceRestored(*event_head(account, "restored", cause)))
        note_calm(account)
        return
    balance, on_hold = account.balance, is_broken or account.spending.tripped > 0
    for threshold in account.thresholds:
        if threshold.armed and balance < threshold.amount:
            threshold.armed = False
            events.append(_crossed(account, threshold, cause, on_hold))
    if balance <= 0 and was_funded:
        events.append(v.BalanceExhausted(*event_head(account, "exhausted", cause), on_hold))
    elif balance > 0 and not was_funded:
        events.append(v.BalanceRestored(*event_head(account, "restored", cause)))
    for threshold in reversed(account.thresholds):
        if not threshold.armed and balance >= threshold.amount:
            threshold.armed = True
            events.append(_rearmed(account, threshold, cause, on_hold))
    if account.hour_thresholds:
        _cross_hours(account, cause, events, on_hold)
    note_calm(account)


def _cross_hours(
    account: Account,
    cause: Cause,
    events: list[v.Event],
    on_hold: bool,  # noqa: FBT001
) -> None:
    left = hours_remaining(account)
    for threshold in account.hour_thresholds:
        if threshold.armed and left is not None and left < threshold.amount:
            threshold.armed = False
            head = event_head(account, f"crossed/{threshold.threshold_id}", cause)
            name, hours = threshold.threshold_id, threshold.amount
            events.append(v.ThresholdCrossed(*head, name, None, hours, threshold.label, on_hold))
    for threshold in reversed(account.hour_thresholds):
        if not threshold.armed and (left is None or left >= threshold.amount):
            threshold.armed = True
            head = event_head(account, f"rearmed/{threshold.threshold_id}", cause)
            name, hours = threshold.threshold_id, threshold.amount
            events.append(v.ThresholdRearmed(*head, name, None, hours, on_hold))


def note_calm(account: Account) -> None:
    """Note between which balances nothing happens, so that most charges need no look at the thresholds.

    A runway changes with every entry: where it has thresholds, no balance is calm. While the account pays later every
    one is.
    """
    if pays_later(account):
        account.calm_from, account.calm_to = -FAR, FAR
        return
    if account.hour_thresholds:
        account.calm_from, account.calm_to = 1, 0
        return
    funded = account.balance > 0
    armed = [t.amount for t in account.thresholds if t.armed]
    quiet = [t.amount for t in account.thresholds if not t.armed]
    account.calm_from = max(armed, default=-FAR)
    account.calm_to = min(quiet, default=FAR)
    if funded:
        account.calm_from = max(account.calm_from, 1)
    else:
        account.calm_to = min(account.calm_to, 1)


def replaced(old: list[Threshold], wanted: list[Threshold]) -> list[Threshold]:
    """Return the thresholds wanted, from the highest to the lowest; one that was there before stays as armed."""
    armed = {(t.threshold_id, t.amount): t.armed for t in old}
    for each in wanted:
        each.armed = armed.get((each.threshold_id, each.amount), True)
    return sorted(wanted, key=lambda t: (-t.amount, t.threshold_id))


def _crossed(
    account: Account,
    threshold: Threshold,
    cause: Cause,
    on_hold: bool,  # noqa: FBT001
) -> v.Event:
    head = event_head(account, f"crossed/{threshold.threshold_id}", cause)
    name, amount = threshold.threshold_id, threshold.amount
    return v.ThresholdCrossed(*head, name, amount, None, threshold.label, on_hold)


def _rearmed(
    account: Account,
    threshold: Threshold,
    cause: Cause,
    on_hold: bool,  # noqa: FBT001
) -> v.Event:
    head = event_head(account, f"rearmed/{threshold.threshold_id}", cause)
    return v.ThresholdRearmed(*head, threshold.threshold_id, threshold.amount, None, on_hold)
