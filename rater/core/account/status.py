"""Status: what an account may do now and what it has left, and when the world is told (D10).

A status goes out at once when what is allowed changes, otherwise at most once in STATUS_EVERY_MS of stream time;
what is still owed is the account's `dirty` flag, which a flush pays. What denies first: the closed account, that there
are no credits, the balance, the breaker. An account that pays later needs no balance, until it has reached its credit
limit; what it has of one still pays.
"""

from typing import Final, Literal

from rater.core.account.account import Account, has_credits
from rater.core.account.burn import hours_remaining, now_ms_of
from rater.core.account.carried_contract import (
    carried_entitlement,
    carried_mode,
    carried_zones,
    credit_use,
    mode_of,
)
from rater.core.account.contract import Contract, billing_mode_at, now_or_later
from rater.core.account.lots import CreditLot
from rater.core.account.pool_use import NO_POOLS, Uses, pools_of
from rater.core.account.zone_change import time_zone_at
from rater.core.call_classes import ALL_PAID, FREE_CALLS, NO_TENANT_CAPABILITY, PAID_CALLS
from rater.core.limits import NEVER_MS, STATUS_EVERY_MS
from rater.core.pricing.plans.book import PlanBook
from topics.records import (
    AccountStatus,
    BlockedCalls,
    CarriedBillingMode,
    CarriedEntitlement,
    CarriedTimeZone,
    Funds,
)
from topics.records.contract import Mode
from topics.records.status import FUNDS_MAX, BlockedCode, BlockedReason, CreditUse, State

OPEN: Final = 0
EXHAUSTED: Final = 1
CLOSED: Final = 2
NO_CREDITS: Final = 3
CREDIT_LIMIT: Final = 4
HELD: Final = 16
"""Open, but for the paid calls that the breaker denies: their bits (in the order of PAID_CALLS) are added."""

_STATES: Final[dict[int, State]] = {CLOSED: "closed", NO_CREDITS: "not_configured"}
"""By the class of a status; all others are open."""

Allowed = tuple[tuple[str, ...], tuple[BlockedCalls, ...]]
"""The types of calls that are allowed, and the others."""
Carried = tuple[
    Mode, tuple[CarriedBillingMode, ...], tuple[CarriedEntitlement, ...], Uses, "Credit"
]
"""How an account pays now and will, its licences now and to come, its pools, and to whom it gives credit."""
Credit = tuple[Literal["suspend", "waive"] | None, CreditUse | None]
"""What becomes of calls of users who may not spend money, and what is owed of a month with a limit."""
Money = tuple[str | None, int | None, int | None, int | None]
"""Currency, balance, debt, and the hours that the balance lasts."""
NO_MONEY: Final[Money] = (None, None, None, None)
"""Of an account without credits: it has no balance, not one of 0."""
Zones = tuple[str, tuple[CarriedTimeZone, ...]]
"""A time zone, and changes of it."""
NO_CHANGES: Final[tuple[CarriedTimeZone, ...]] = ()
NO_CONTRACT: Final[Carried] = ("prepaid", (), (), NO_POOLS, (None, None))


def paid_calls(bits: int) -> tuple[str, ...]:
    """Return the paid calls that some bits mean."""
    return tuple([name for n, name in enumerate(PAID_CALLS) if bits >> n & 1])


def _blocked(
    names: tuple[str, ...], reason: BlockedReason, code: BlockedCode | None = None
) -> tuple[BlockedCalls, ...]:
    return tuple([BlockedCalls(name, reason, code) for name in names])


def _held(bits: int) -> Allowed:
    allowed = FREE_CALLS + paid_calls(ALL_PAID & ~bits)
    return allowed, _blocked(paid_calls(bits), "spend_limit")


_ALLOWED: Final[dict[int, Allowed]] = {
    OPEN: (FREE_CALLS + PAID_CALLS, ()),
    EXHAUSTED: (FREE_CALLS, _blocked(PAID_CALLS, "balance_not_positive")),
    CLOSED: (
        ("emergency",),
        _blocked(("in_bundle", "inbound", *PAID_CALLS), "account_closed"),
    ),
    NO_CREDITS: (FREE_CALLS, _blocked(PAID_CALLS, "no_credits", NO_TENANT_CAPABILITY)),
    CREDIT_LIMIT: (FREE_CALLS, _blocked(PAID_CALLS, "credit_limit")),
    **{HELD + bits: _held(bits) for bits in range(1, ALL_PAID + 1)},
}
"""By the class of a status; made once, for a status is made of every account in every batch."""


def status_class(account: Account) -> int:
    """Return what the account is allowed now: one of the classes above, or HELD and which calls are."""
    if account.closed_ms != NEVER_MS:
        return CLOSED
    if account.balance <= 0:
        if not has_credits(account):
            return NO_CREDITS
        contract = account.contract
        if contract is None or not contract.billing.pays_later:
            return EXHAUSTED
        if contract.billing.is_reached:
            return CREDIT_LIMIT
    return HELD + account.spending.held if account.spending.held else OPEN


def status_of(account: Account, at_ms: int, plans: PlanBook) -> AccountStatus:
    """Build the status, and note in the account that it was published.

    It is of the instant given, or of the minute that entries have come to: a record with an earlier time leads back
    into no month that is over, of which there would be said what was used, and not of the present one.
    """
    at_ms = now_ms_of(account.spending, at_ms)
    allowed = status_class(account)
    account.status_class = allowed
    account.status_ms = at_ms
    account.dirty = False
    contract = account.contract
    mode, modes, entitlements, (plan_version, pools), (unlicensed, credit) = (
        NO_CONTRACT if contract is None else _carried(account, contract, at_ms, plans)
    )
    time_zone, zones = account.time_zone, NO_CHANGES
    if contract is not None and contract.zone_changes:
        time_zone, zones = _zones(account, contract, at_ms)
    allow, blocked = _ALLOWED[allowed]
    return AccountStatus(
        account.tenant_id,
        account.seq,
        at_ms,
        _STATES.get(allowed, "open"),
        mode,
        time_zone,
        allow,
        blocked,
        *(_money(account) if has_credits(account) else NO_MONEY),
        account.decks,
        _funds(account),
        modes,
        entitlements,
        plan_version,
        pools,
        unlicensed,
        credit,
        zones,
    )


def _money(account: Account) -> Money:
    return account.currency, account.balance, account.debt, hours_remaining(account)


def _funds(account: Account) -> tuple[Funds, ...]:
    """Return what is left of the account's lots by expiry, the earliest first; what is too many lies in the last."""
    lots = account.lots
    if lots and lots[0].category is not None:
        return _funds_of_both(lots)
    if len(lots) == 1:
        return (Funds(lots[0].expires_ms, lots[0].remaining),)
    return tuple([Funds(expires_ms, amount) for expires_ms, amount in _by_expiry(lots)])


def _by_expiry(lots: list[CreditLot]) -> list[tuple[int, int]]:
    by_expiry: dict[int, int] = {}
    for lot in lots:
        by_expiry[lot.expires_ms] = by_expiry.get(lot.expires_ms, 0) + lot.remaining
    found = sorted(by_expiry.items())
    if len(found) > FUNDS_MAX:
        last = FUNDS_MAX - 1
        found[last:] = [(found[last][0], sum([amount for _, amount in found[last:]]))]
    return found


def _funds_of_both(lots: list[CreditLot]) -> tuple[Funds, ...]:
    """Return the same where some of it is promotional credit, with how much that is."""
    found = _by_expiry(lots)
    given: dict[int, int] = {}
    last_ms = found[-1][0]
    for lot in lots:
        if lot.category is not None:
            expires_ms = min(lot.expires_ms, last_ms)
            given[expires_ms] = given.get(expires_ms, 0) + lot.remaining
    return tuple([Funds(at_ms, amount, given.get(at_ms)) for at_ms, amount in found])


def _carried(account: Account, contract: Contract, at_ms: int, plans: PlanBook) -> Carried:
    """Return what of a contract holds at an instant or after it, and what is used of its pools."""
    return (
        mode_of(billing_mode_at(contract, at_ms)),
        tuple([carried_mode(each) for each in contract.billing_modes if each.from_ms > at_ms]),
        tuple([carried_entitlement(each) for each in now_or_later(contract, at_ms)]),
        pools_of(account, contract, plans, at_ms),
        (_unlicensed(contract), credit_use(account, contract, plans, at_ms)),
    )


def _zones(account: Account, contract: Contract, at_ms: int) -> Zones:
    """Return the time zone of an instant, the change by which it came, and the one to come."""
    said = carried_zones(account.time_zone, contract.zone_changes)
    begun = len([each for each in said if each.valid_from_ms <= at_ms])
    time_zone = time_zone_at(account.time_zone, contract.zone_changes, at_ms)
    return time_zone, said[max(begun - 1, 0) :]


def _unlicensed(contract: Contract) -> Literal["suspend", "waive"] | None:
    """Return what becomes of calls of the unlicensed; None: they are charged."""
    calls = contract.unlicensed_calls
    return None if calls == "charge" else calls


def note_change(
    account: Account, at_ms: int, statuses: list[AccountStatus], plans: PlanBook
) -> None:
    """Publish the account's status if it is due, else remember that it is owed."""
    if (
        at_ms - account.status_ms >= STATUS_EVERY_MS
        or status_class(account) != account.status_class
    ):
        statuses.append(status_of(account, at_ms, plans))
    else:
        account.dirty = True
