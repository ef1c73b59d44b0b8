"""A user is set: the entry says it all, and the account keeps nothing of it."""

from rater.core.account.contract import Contract
from rater.core.rejections import Rejected
from rater.core.times import from_millis
from rater.wire.account.rows import row_of
from tests.build import DAY, NOW, UNIT, account
from tests.core.account.asked import asked, refused
from topics import records as r

ANN = r.SetUser(
    *("u1", "acme", "ann", "US", ("domestic",), True, 150 * UNIT, "domestic", "zone"),
    reason="Joined.",
)


def test_the_entry_says_what_the_user_may_do_and_from_when() -> None:
    there = account(seq=6)
    refusal, journal = asked(there, ANN)

    assert refusal is None
    assert journal.entries == [
        r.UserSet(
            *("acme/7", "acme", 7, NOW, "cdr.raw.v1", 0, 7, "USD", 0, 0, 0),
            *("u1", "ann", NOW, "US", "domestic", "zone", ("domestic",), True, 150 * UNIT),
            reason="Joined.",
        )
    ]
    assert journal.events == []


def test_the_account_does_not_grow() -> None:
    there = account(seq=6)
    before = row_of(there)
    asked(there, ANN)

    changed = {
        name
        for name, found, was in zip(there.__match_args__, row_of(there), before, strict=True)
        if found != was
    }
    assert there.contract == Contract([], [])
    assert changed - {"contract"} <= {
        "seq",
        "status_ms",
        "status_class",
        "spending",
        "calm_from",
        "calm_to",
    }


def test_a_change_may_be_dated_back_or_ahead_and_the_entry_says_so() -> None:
    for from_ms, is_back in ((NOW - DAY, True), (NOW, False), (NOW + DAY, False)):
        order = r.SetUser("u1", "acme", "ann", "US", valid_from=from_millis(from_ms))
        (entry,) = asked(account(), order)[1].entries
        assert isinstance(entry, r.UserSet)
        assert (entry.valid_from_ms, entry.dated_back) == (from_ms, is_back)


def test_a_plan_named_twice_is_refused() -> None:
    order = r.SetUser("u1", "acme", "ann", "US", ("a", "b", "a"))

    assert refused(account(), order) is Rejected.INVALID_SETTING


def test_a_closed_account_takes_none() -> None:
    assert refused(account(closed_ms=NOW - 1), ANN) is Rejected.ACCOUNT_CLOSED
