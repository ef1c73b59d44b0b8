"""Thresholds: which a change of balance crosses, and which it re-arms (D10).

Rule 1: a threshold is crossed when it is armed and the balance is below it, strictly; it fires once and is disarmed.
Rule 2: it is re-armed when the balance is at or above it again.
Rule 3: several crossed by one entry fire from the highest to the lowest; re-arming goes the other way.
Rule 4: exhaustion is crossed from above zero to zero or below.
Rule 5: thresholds in hours do likewise with the runway, after all that; without a runway nothing is below it.
Rule 6: what happens while a limit of spending is broken says so (`on_hold`), by the very charge that breaks it, too.
"""

from msgspec import UNSET, UnsetType

from rater.core import events as v
from rater.core.account.account import FAR, Account, Threshold
from rater.core.account.burn import runway_h
from rater.core.events import Occasion

Stamp = tuple[str, str, int, int, str, int, str, str, int | UnsetType]


def cross(
    account: Account,
    before: int,
    occasion: Occasion,
    events: list[v.Event],
    is_broken: bool = False,  # noqa: FBT001, FBT002
) -> None:
    """Append the events of a balance that was `before`; thresholds are in descending order.

    `is_broken`: the charge breaks a limit of spending that had not tripped yet; its hold is yet to be posted.
    """
    balance, first = account.balance, len(events)
    for threshold in account.thresholds:
        if threshold.armed and balance < threshold.amount:
            threshold.armed = False
            events.append(_crossed(account, threshold, occasion))
    if balance <= 0 < before:
        events.append(v.BalanceExhausted(*stamp(account, "exhausted", occasion)))
    elif before <= 0 < balance:
        events.append(v.BalanceRestored(*stamp(account, "restored", occasion)))
    for threshold in reversed(account.thresholds):
        if not threshold.armed and balance >= threshold.amount:
            threshold.armed = True
            events.append(_rearmed(account, threshold, occasion))
    if account.hour_thresholds:
        _cross_hours(account, occasion, events)
    if is_broken or account.spending.tripped:
        _note_hold(events[first:])
    note_calm(account)


def _note_hold(events: list[v.Event]) -> None:
    for event in events:
        if isinstance(event, v.ThresholdCrossed | v.ThresholdRearmed | v.BalanceExhausted):
            event.on_hold = True


def _cross_hours(account: Account, occasion: Occasion, events: list[v.Event]) -> None:
    runway = runway_h(account)
    for threshold in account.hour_thresholds:
        if threshold.armed and runway is not None and runway < threshold.amount:
            threshold.armed = False
            head = stamp(account, f"crossed/{threshold.threshold_id}", occasion)
            name, hours = threshold.threshold_id, threshold.amount
            events.append(v.ThresholdCrossed(*head, name, None, hours, threshold.label))
    for threshold in reversed(account.hour_thresholds):
        if not threshold.armed and (runway is None or runway >= threshold.amount):
            threshold.armed = True
            head = stamp(account, f"rearmed/{threshold.threshold_id}", occasion)
            name, hours = threshold.threshold_id, threshold.amount
            events.append(v.ThresholdRearmed(*head, name, None, hours))


def note_calm(account: Account) -> None:
    """Note between which balances nothing happens, so that most charges need no look at the thresholds.

    A runway changes with every entry: where it has thresholds, no balance is calm.
    """
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


def stamp(account: Account, what: str, occasion: Occasion) -> Stamp:
    """Return the leading fields of an event; its id names the entry's sequence number and what it is."""
    runway = runway_h(account)
    return (
        f"{account.tenant_id}/{account.seq}/{what}",
        account.tenant_id,
        account.seq,
        occasion.at_ms,
        account.currency,
        account.balance,
        occasion.cause,
        occasion.cause_id,
        UNSET if runway is None else runway,
    )


def _crossed(account: Account, threshold: Threshold, occasion: Occasion) -> v.Event:
    head = stamp(account, f"crossed/{threshold.threshold_id}", occasion)
    name, amount = threshold.threshold_id, threshold.amount
    return v.ThresholdCrossed(*head, name, amount, None, threshold.label)


def _rearmed(account: Account, threshold: Threshold, occasion: Occasion) -> v.Event:
    head = stamp(account, f"rearmed/{threshold.threshold_id}", occasion)
    return v.ThresholdRearmed(*head, threshold.threshold_id, threshold.amount)
