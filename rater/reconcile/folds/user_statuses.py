"""User statuses: what is said of a user follows from the ledger at the number that it names.

By its own code: the month by the account's clocks, what was spent in it, and what terms, licence and limit block. How
large a user's own pools are, the plan catalog says: of these what is used is held.
"""

from collections.abc import Iterator

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.clocks import Clocks
from rater.reconcile.folds.user_counts import UserCounts
from topics import records as r

_PAID = ("conference_dial_out", "international", "overage")
Terms = dict[int, r.UserSet]
"""What was set of a user, by the instant from which on it holds."""


def hold_status(
    status: r.UserStatus, counts: UserCounts, terms: Terms, clocks: Clocks
) -> Iterator[Complaint]:
    """Hold a status against what had been set and counted by then."""
    month = clocks.month(status.at_ms)
    began = [at_ms for at_ms in terms if at_ms <= status.at_ms]
    since = max(began, default=min(terms))
    now = terms[since]
    spent = counts.spent.get(month, 0)
    # Of later months: clocks of platforms were ahead.
    ahead = sum(micros for each, micros in counts.spent.items() if each > month)
    limit = now.monthly_spend_limit_micros
    is_reached = limit is not None and spent >= limit
    for name, expected, found in (
        ("month", month, status.month),
        ("spent_micros", spent, status.spent_micros),
        ("spent_ahead_micros", ahead, status.spent_ahead_micros or 0),
        ("valid_from_ms", since, status.valid_from_ms),
        ("usage_country", now.usage_country, status.usage_country),
        ("outbound_calls", now.outbound_calls, status.outbound_calls),
        ("conference_dial_out", now.conference_dial_out, status.conference_dial_out),
        ("plan_ids", now.plan_ids, status.plan_ids),
        ("credits_licence", now.credits_licence, status.credits_licence),
        ("limit_micros", limit, status.limit_micros),
        ("later", [_later(at, terms[at]) for at in sorted(terms) if at > since], [*status.later]),
        ("blocked", _blocked(now, is_reached=is_reached), _said(status)),
        ("blocked_until_ms", clocks.span(month)[1] if is_reached else None, _until(status)),
    ):
        if expected != found:
            yield Complaint(name, expected, found)
    for pool in status.pools:
        used_s = counts.used_s.get(pool.pool, 0)
        if used_s != pool.used_s or pool.pool.partition("/")[0] < month:
            yield Complaint("pools", f"{used_s} s used, of {month}", pool)
    told = {pool.pool for pool in status.pools}
    for name, used_s in counts.used_s.items():
        if used_s and name.partition("/")[0] >= month and name not in told:
            yield Complaint("pools", f"{name}, of which {used_s} s are used", sorted(told))


def _blocked(terms: r.UserSet, *, is_reached: bool) -> dict[str, tuple[str, int | None]]:
    """Return what is blocked, and by what: a restriction before the licence, and that before the limit."""
    found: dict[str, tuple[str, int | None]] = {}
    for name in ("in_bundle", *_PAID):
        is_conference = name == "conference_dial_out"
        may = terms.conference_dial_out if is_conference else terms.outbound_calls
        if may == "none" or (name == "international" and may == "domestic"):
            found[name] = "restricted", None
        elif not terms.credits_licence and name in _PAID:
            found[name] = "no_user_capability", 580464
        elif is_reached:
            found[name] = "user_spend_limit", None
    return found


def _said(status: r.UserStatus) -> dict[str, tuple[str, int | None]]:
    return {each.call_type: (each.reason, each.code) for each in status.blocked}


def _later(at_ms: int, said: r.UserSet) -> r.UserTerms:
    """Return what was set from an instant on, as a status says it."""
    return r.UserTerms(
        at_ms,
        said.seq,
        said.usage_country,
        said.outbound_calls,
        said.conference_dial_out,
        said.plan_ids,
        said.credits_licence,
        said.monthly_spend_limit_micros,
    )


def _until(status: r.UserStatus) -> int | None:
    return status.blocked_until_ms
