"""Priced: what a CDR costs an account by its decks, and how its entry tells the numbers."""

from rater.core.account.account import Account
from rater.core.account.adoption import adopt
from rater.core.account.bounds import beyond_bound, beyond_credit
from rater.core.account.bundle import is_for_decks, price_in_bundle
from rater.core.account.draws import pool_seconds
from rater.core.account.funding import fund
from rater.core.account.past import decks_at, was_closed
from rater.core.account.post_paid import owing_month
from rater.core.account.unlicensed import payable
from rater.core.account.user import User
from rater.core.cdr import Cdr, Source
from rater.core.limits import AMOUNT_MICROS_MAX
from rater.core.pricing.exemptions import EMERGENCY, exemption
from rater.core.pricing.masking import masked_cdr
from rater.core.pricing.price import price_call
from rater.core.pricing.rating import Rated
from rater.core.pricing.rules import Rules
from rater.core.pricing.unrated import Unrated
from rater.core.suspension import Suspended, Suspension
from topics.records import Charge
from topics.records.charge import FreeReason


def price_of(  # noqa: PLR0911, PLR0913, PLR0917
    account: Account,
    cdr: Cdr,
    source: Source,
    rules: Rules,
    replaced: tuple[int, Charge | None],
    user: User | None,
) -> Rated | FreeReason | Suspension:
    """Price a CDR, or say why it has no price now. The account's bounds are noted.

    A closed account still makes emergency calls, and no others.
    `replaced`: by how much the balance moves as the charge that it replaces is taken back, and that charge.
    """
    answered_ms, decks, past = cdr.answered_ms, account.decks, account.past
    closed = answered_ms >= account.closed_ms
    if past is not None and answered_ms < past.settled_ms:
        closed = closed or was_closed(past, answered_ms)
        decks = decks_at(past, answered_ms, decks)
    if closed and exemption(cdr, rules, decks, account.currency) != EMERGENCY:
        detail = f"tenant_id: {cdr.tenant_id} was closed when the call was answered"
        return Suspension(Suspended.ACCOUNT_CLOSED, detail)
    settings = rules.settings.at(source.at_ms)
    rated = price_call(cdr, decks, account.currency, rules, settings)
    if isinstance(rated, str):
        return rated
    if not isinstance(rated, Rated):
        if not decks and is_for_decks(rated):
            return price_in_bundle(account, cdr, rules, source.at_ms, replaced[1], user)
        decided = settings.version if rated.reason is Unrated.CONTRADICTORY else None
        return Suspension(rated.reason, rated.detail, decided)
    if account.adopted is not settings:
        adopt(account, settings)
    most, month = rated, None
    if account.contract is not None:
        month = owing_month(account, cdr.started_ms, rules)
        most = _dearer(account, cdr, rated, (rules, source.at_ms), replaced[1], user)
    if month is not None:
        return beyond_credit(account, most, settings, month, replaced[1]) or rated
    left = account.balance + replaced[0] - most.charge_micros
    # Asked of debts alone: the bound is as large a number as takes compiled code long to compare.
    if left < 0 and left < -account.balance_max:
        return beyond_bound(account, most, settings)
    return rated


def _dearer(  # noqa: PLR0913, PLR0917
    account: Account,
    cdr: Cdr,
    rated: Rated,
    now: tuple[Rules, int],
    replaced: Charge | None,
    user: User | None,
) -> Rated:
    """Return the dearer of a call's prices, with pools and without: minutes of a plan may cost more than the deck's."""
    if not now[0].plans.has_prices:
        return rated
    back_s = {} if replaced is None else pool_seconds(replaced.draws)
    funded = fund(account, cdr, rated, now[0], now[1], user, back_s)
    if isinstance(funded, Rated) and funded.charge_micros > rated.charge_micros:
        return funded
    return rated


def told_of(  # noqa: PLR0913, PLR0917
    account: Account,
    cdr: Cdr,
    price: Rated | FreeReason,
    source: Source,
    rules: Rules,
    user: User | None,
) -> Cdr:
    """Return a CDR as its entry says it: the tails of its numbers hidden, where the settings ask for it."""
    masks = rules.settings.at(source.at_ms).number_masks

    def is_priced_alike(masked: Cdr) -> bool:
        again = price_of(account, masked, source, rules, (AMOUNT_MICROS_MAX, None), user)
        if isinstance(again, Rated):
            return payable(account, masked, again, (rules, source.at_ms), user) == price
        return again == price

    return masked_cdr(cdr, masks, is_priced_alike) if masks else cdr
