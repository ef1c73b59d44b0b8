"""User terms: what a user may do, each from an instant on.

A user exists from the first of them on. What holds at an instant is what is dated last at or before it, and of two
dated alike what came last. What another has followed so long ago that no call of then is taken any more is let go.
"""

from collections.abc import Sequence

from rater.core.account.past import KEPT_MS
from topics.records import SetUser, UserSet, UserTerms


def terms_at(terms: Sequence[UserTerms], at_ms: int) -> UserTerms | None:
    """Return what holds at an instant; None: the user did not exist."""
    for each in reversed(terms):
        if each.valid_from_ms <= at_ms:
            return each
    return None


def terms_of(said: SetUser | UserSet, from_ms: int, seq: int) -> UserTerms:
    """Return what a command, or its entry, says of a user."""
    return UserTerms(
        from_ms,
        seq,
        said.usage_country,
        said.outbound_calls,
        said.conference_dial_out,
        said.plan_ids,
        said.credits_licence,
        said.monthly_spend_limit_micros,
    )


def with_terms(terms: Sequence[UserTerms], new: UserTerms, now_ms: int) -> tuple[UserTerms, ...]:
    """Return what is known of a user after a change, without what no call can ask for any more."""
    from_ms, oldest_ms = new.valid_from_ms, now_ms - KEPT_MS
    before = [each for each in terms if each.valid_from_ms < from_ms]
    known = [*before, new, *[each for each in terms if each.valid_from_ms > from_ms]]
    old = sum(each.valid_from_ms <= oldest_ms for each in known)
    return tuple(known[max(old - 1, 0) :])
