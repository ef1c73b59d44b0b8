"""Reversal: a charge is taken back as a whole, by its own draws: what a correction and a void begin with.

Rule 1: what comes back pays the present debt first, what the call drew on lots in grace excepted: that was no balance.
Rule 2: the rest goes back as it was drawn, the last draw first: to the lot, live or in grace; what goes into a lot in
grace moves no balance.
Rule 3: a lot that the charge has emptied is opened again under its own name and times, unless its grace is over.
Rule 4: seconds go back to their pool, where it is known still; what is paid later is owed no more of its month. Neither
moves a balance or pays debt; what was waived goes back to nobody.
Rule 5: what no lot can take, since it is forfeited, or was emptied by another entry, or the debt that it was has been
paid, opens one lot named after the entry taken back. It stands before all others, for the money had been drawn first,
and lives as long as the lots that paid, and for 30 days at the least (D5). A draw that emptied its lot says how long it
lived; of any other it is not known any more, and no lot that paid lives longer than a year after the charge.
Rule 6: promotional credit is never money that was paid for: its draws always say what opens its lot again, and where
its grace is over, it is opened under its own name for 30 days.
Rule 7: ids of lots that are long over may be given again. What bears the name of a draw's lot and is of the other
category is another lot: to it nothing goes back, and no second one is opened beside it, so rule 5 holds.
"""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.calendar import add_months
from rater.core.account.heads import entry_head
from rater.core.account.lots import returned_lot_id
from rater.core.account.user import User, is_of_user, is_waived
from rater.core.cdr import Cdr, Source
from rater.core.limits import DAY_MS, GRACE_MS, MONTHS_VALID
from rater.core.pricing.plans.funding import POOL
from topics import records as r

_POST_PAID: Final = "post_paid"

RETURNED_DAYS_MIN: Final = 30
"""How long a lot of money that came back lives at least."""


def reversal_of(
    account: Account, original: r.Charge, cdr: Cdr, source: Source, user: User | None = None
) -> r.ChargeReversed:
    """Return the entry that takes a charge back by the order of a correction or a void; `user`: whose call it was."""
    returns, left, homeless = plan_returns(account, original, source.at_ms, user)
    paid = sum([back.amount_micros or 0 for back in returns if back.source == "shortfall"])
    debt = account.debt - paid
    until_ms = _until_ms(original, homeless, source.at_ms)
    lot = _lot_of(account, original, until_ms, (left, min(debt, left))) if left else None
    change = left + sum(
        [
            back.amount_micros or 0
            for back in returns
            if not back.grace and back.source != _POST_PAID
        ]
    )
    return r.ChargeReversed(
        *entry_head(
            account, source, change, debt - (0 if lot is None else lot.overdraft_paid_micros)
        ),
        original.cdr_id,
        original.version,
        "void" if cdr.kind == "void" else "correction",
        cdr.version,
        original.entry_id,
        original.charge_micros,
        tuple(returns),
        lot,
    )


def balance_back(account: Account, original: r.Charge, now_ms: int) -> int:
    """Return by how much taking a charge back would move the balance; change nothing."""
    returns, left, _ = plan_returns(account, original, now_ms)
    return _moved(returns, left)


def owed_back(original: r.Charge, month: str) -> int:
    """Return by how much taking a charge back lessens what is owed of a month."""
    return sum(
        [
            draw.amount_micros or 0
            for draw in original.draws
            if draw.source == _POST_PAID and draw.id == month
        ]
    )


def _moved(returns: list[r.Draw], left: int) -> int:
    """Return what of it moves the balance."""
    return left + sum(
        [
            back.amount_micros or 0
            for back in returns
            if not back.grace and back.source != _POST_PAID
        ]
    )


def plan_returns(
    account: Account, original: r.Charge, now_ms: int, user: User | None = None
) -> tuple[list[r.Draw], int, list[r.Draw]]:
    """Return what debt and lots get back of a charge, in order, what none of them takes, and whose draws that were.

    Nothing is changed.
    """
    waived = is_waived(original.draws)
    drawn = [
        draw.amount_micros or 0
        for draw in original.draws
        if not draw.grace and draw.source != _POST_PAID and not waived
    ]
    for_debt = min(account.debt, sum(drawn))
    returns = [r.Draw("shortfall", None, for_debt)] if for_debt else []
    left, homeless = 0, []
    for draw in reversed(original.draws):
        if draw.source == POOL:
            returns += _back_to_its_pool(account, draw, user)
            continue
        if waived:
            continue
        if draw.source == _POST_PAID:
            returns.append(r.Draw(_POST_PAID, draw.id, draw.amount_micros))
            continue
        micros = draw.amount_micros or 0
        if not draw.grace:
            part = min(for_debt, micros)
            for_debt -= part
            micros -= part
        if micros:
            back = _back_to_its_lot(account, draw, micros, now_ms)
            if back is None:
                left += micros
                homeless.append(draw)
            else:
                returns.append(back)
    return returns, left, homeless


def _back_to_its_lot(account: Account, draw: r.Draw, micros: int, now_ms: int) -> r.Draw | None:
    """Return what goes back to the lot of a draw; None where there is no such lot any more."""
    if draw.source != "lot":
        return None
    category = draw.category
    for lots, is_grace in ((account.lots, False), (account.expired, True)):
        for lot in lots:
            if lot.lot_id == draw.id:
                if lot.category != category:
                    return None
                return r.Draw("lot", draw.id, micros, None, is_grace, category=category)
    bought, expires = draw.purchased_ms, draw.expires_ms
    if expires is None:
        return None
    if expires + GRACE_MS <= now_ms:
        if category is None:
            return None
        expires = now_ms + RETURNED_DAYS_MIN * DAY_MS
    return r.Draw("lot", draw.id, micros, None, expires <= now_ms, bought, expires, category)


def _back_to_its_pool(account: Account, draw: r.Draw, user: User | None) -> list[r.Draw]:
    """Return what goes back to the pool of a draw; nothing to one that is forgotten, for no call asks for it."""
    contract = account.contract
    is_known = contract is not None and draw.id in contract.used_s
    if is_of_user(draw.id):
        is_known = user is not None and draw.id in user.used_s
    return [r.Draw(POOL, draw.id, None, draw.quantity)] if is_known else []


def _until_ms(original: r.Charge, homeless: list[r.Draw], now_ms: int) -> int:
    """Return how long the lot of what cannot go back lives."""
    until_ms = now_ms + RETURNED_DAYS_MIN * DAY_MS
    for draw in homeless:
        lived_ms = draw.expires_ms
        if lived_ms is None:
            lived_ms = add_months(original.at_ms, MONTHS_VALID)
        until_ms = max(until_ms, lived_ms)
    return until_ms


def _lot_of(account: Account, original: r.Charge, until_ms: int, money: tuple[int, int]) -> r.Lot:
    """Return the lot of what cannot go back: so much money, so much of it for debt."""
    granted, for_debt = money
    bought = [lot.purchased_ms for lot in account.lots + account.expired]
    return r.Lot(
        returned_lot_id(original.entry_id),
        granted,
        for_debt,
        granted - for_debt,
        max(min([original.at_ms, *bought]) - 1, 0),
        until_ms,
    )
