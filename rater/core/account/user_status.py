"""User status: what one user may do now and what is counted, and when the world is told.

Rule 1: no charge is refused by it, for the call has been made; call control refuses the next.
Rule 2: once a month's outgoing calls have cost as much as the user may spend, none but emergency calls are let out of
        that month, those in the bundle included. The status says until when: a new month needs no word of ours.
Rule 3: a user without the licence may make no call that money would pay, whatever the account was told of CDRs.
Rule 4: a restriction that depends on the number called stands in the status as it was set; of call types it blocks
        those that it blocks whatever is called.
Rule 5: it goes out at once when what is blocked changes, otherwise at most once a second of stream time; what is owed
        is paid by the flush of statuses.
"""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.burn import now_ms_of
from rater.core.account.entitled import total_in
from rater.core.account.month import after_month, month_at, month_end_ms
from rater.core.account.user import User, own_pool
from rater.core.account.user_terms import terms_at
from rater.core.call_classes import NO_USER_CAPABILITY
from rater.core.limits import STATUS_EVERY_MS
from rater.core.pricing.rules import Rules
from topics.records import BlockedCalls, PoolUse, UserStatus, UserTerms
from topics.records.status import BlockedCode, BlockedReason

LIMIT: Final = 1
NO_LICENCE: Final = 2
NO_INTERNATIONAL: Final = 4
NO_CALLS: Final = 8
NO_CONFERENCES: Final = 16
_PAID: Final = ("conference_dial_out", "international", "overage")


def _blocked(bits: int) -> tuple[BlockedCalls, ...]:
    """Return the calls that some bits block; of several reasons the first holds: restriction, licence, limit."""
    found: dict[str, tuple[BlockedReason, BlockedCode | None]] = {}
    if bits & LIMIT:
        found |= dict.fromkeys(("in_bundle", *_PAID), ("user_spend_limit", None))
    if bits & NO_LICENCE:
        found |= dict.fromkeys(_PAID, ("no_user_capability", NO_USER_CAPABILITY))
    if bits & NO_CALLS:
        found |= dict.fromkeys(("in_bundle", "international", "overage"), ("restricted", None))
    if bits & NO_INTERNATIONAL:
        found["international"] = ("restricted", None)
    if bits & NO_CONFERENCES:
        found["conference_dial_out"] = ("restricted", None)
    return tuple([BlockedCalls(name, *found[name]) for name in sorted(found)])


Now = tuple[UserTerms, str, int, int]
"""How a user stands: its terms, the month, what it has spent in it, and what that blocks, as bits."""
_BLOCKED: Final[dict[int, tuple[BlockedCalls, ...]]] = {bits: _blocked(bits) for bits in range(32)}


def note_user(
    user: User, account: Account, rules: Rules, at_ms: int, statuses: list[UserStatus]
) -> None:
    """Publish a user's status if it is due, else remember that it is owed."""
    at_ms = now_ms_of(account.spending, at_ms)
    now = _now(user, account, rules, at_ms)
    if at_ms - user.told_ms >= STATUS_EVERY_MS or now[3] != user.told_blocked:
        statuses.append(_told(user, account, rules, at_ms, now))
    else:
        user.is_owed = True


def status_of_user(user: User, account: Account, rules: Rules, at_ms: int) -> UserStatus:
    """Build the status, and note in the user that it was published. Of which instant, `status.status_of` says."""
    at_ms = now_ms_of(account.spending, at_ms)
    return _told(user, account, rules, at_ms, _now(user, account, rules, at_ms))


def _now(user: User, account: Account, rules: Rules, at_ms: int) -> Now:
    """Return how a user stands at an instant; before its first terms, by those."""
    terms = terms_at(user.terms, at_ms) or user.terms[0]
    month = month_at(account, rules.plans, at_ms)
    spent = user.spent.get(month, 0)
    return terms, month, spent, blocked_bits(terms, spent)


def _told(user: User, account: Account, rules: Rules, at_ms: int, now: Now) -> UserStatus:
    terms, month, spent, blocked = now
    user.told_ms, user.told_blocked, user.is_owed = at_ms, blocked, False
    return UserStatus(
        user.tenant_id,
        user.user_id,
        account.seq,
        at_ms,
        terms.valid_from_ms,
        terms.usage_country,
        terms.outbound_calls,
        terms.conference_dial_out,
        month,
        spent,
        _BLOCKED[blocked],
        terms.plan_ids,
        terms.credits_licence,
        terms.monthly_spend_limit_micros,
        month_end_ms(account, rules.plans, at_ms) if blocked & LIMIT else None,
        _own_pools(user, account, rules, terms, (month, at_ms)),
        ()
        if terms is user.terms[-1]
        else tuple([each for each in user.terms if each.valid_from_ms > terms.valid_from_ms]),
        after_month(user.spent, month) or None,
    )


def blocked_bits(terms: UserTerms, spent: int) -> int:
    """Return what terms block once so much was spent in a month, as bits."""
    bits = 0 if terms.credits_licence else NO_LICENCE
    limit = terms.monthly_spend_limit_micros
    if limit is not None and spent >= limit:
        bits |= LIMIT
    if terms.outbound_calls == "none":
        bits |= NO_CALLS
    elif terms.outbound_calls == "domestic":
        bits |= NO_INTERNATIONAL
    return bits | NO_CONFERENCES if terms.conference_dial_out == "none" else bits


def _own_pools(
    user: User, account: Account, rules: Rules, terms: UserTerms, when: tuple[str, int]
) -> tuple[PoolUse, ...]:
    """Return the pools that the user has alone in the month, of plans of which the account has licences and currency.

    Those that are used and that it has no more are told without seconds: terms of later may give the plan back, and
    no status comes between. So are those of the month after it of which calls of platforms whose clocks are ahead have
    used some.
    """
    contract, (month, at_ms) = account.contract, when
    used_s = user.used_s
    found: list[PoolUse] = []
    told: list[str] = []
    if contract is not None and terms.plan_ids:
        entitled = contract.at(at_ms, rules.plans, account.time_zone)
        for pot in entitled.own_pots(terms.usage_country, terms.plan_ids).values():
            name, total_s = own_pool(pot.name, user), total_in(pot, account.currency)
            if total_s:
                told.append(name)
                found.append(PoolUse(name, used_s.get(name, 0), total_s))
    gone = [
        name for name, used in used_s.items() if used and name not in told and name[:7] >= month
    ]
    return (*found, *[PoolUse(each, used_s[each], 0) for each in sorted(gone)])
