"""Another time zone holds from the account's next month on."""

from rater.core.account.account import Account
from rater.core.account.contract import Contract
from rater.core.account.zone_change import ZoneChange
from rater.core.limits import DAY_MS, MINUTE_MS
from rater.core.rejections import Rejected
from tests.build import NOW, account
from tests.core.account.asked import asked, refused
from topics import records as r

TURN = 1_774_994_400_000
"""2026-04-01 in Paris."""


def order(time_zone: str = "America/New_York", **fields: str) -> r.SetTimeZone:
    return r.SetTimeZone("z1", "acme", time_zone, **fields)


def paris() -> Account:
    return account(seq=6, time_zone="Europe/Paris")


def test_the_entry_says_what_was_and_from_which_month_on_another_holds() -> None:
    there = paris()
    refusal, journal = asked(there, order(reason="Moved.", actor="ann", actor_role="global_admin"))

    assert refusal is None
    assert journal.entries == [
        r.TimeZoneSet(
            *("acme/7", "acme", 7, NOW, "cdr.raw.v1", 0, 7, "USD", 0, 0, 0),
            *("z1", "America/New_York", "Europe/Paris", TURN, "2026-04", "Moved."),
            *("ann", "global_admin"),
        )
    ]
    assert journal.events == []
    change = ZoneChange(TURN, "2026-04", "America/New_York")
    assert (there.time_zone, there.contract) == (
        "Europe/Paris",
        Contract([], [], zone_changes=[change]),
    )


def test_another_takes_its_place_and_the_one_of_now_takes_it_back() -> None:
    there = paris()
    asked(there, order())
    _, journal = asked(there, order("Asia/Tokyo"))
    (entry,) = journal.entries
    assert isinstance(entry, r.TimeZoneSet)
    assert (entry.previous_time_zone, entry.time_zone) == ("Europe/Paris", "Asia/Tokyo")
    assert there.contract is not None
    assert [each.time_zone for each in there.contract.zone_changes] == ["Asia/Tokyo"]

    assert asked(there, order("Europe/Paris"))[0] is None
    assert there.contract.zone_changes == []


def test_the_time_zone_that_is_or_is_to_be_is_refused() -> None:
    there = paris()
    refusal, _ = asked(there, order("Europe/Paris"))
    assert refusal is not None
    assert refusal.reason is Rejected.INVALID_SETTING
    assert refusal.detail.startswith("time_zone: must be another than ")
    assert refusal.detail.endswith(", found Europe/Paris")

    asked(there, order())
    assert refused(there, order()) is Rejected.INVALID_SETTING


def test_an_account_that_is_closed_refuses_it() -> None:
    assert refused(account(closed_ms=NOW), order()) is Rejected.ACCOUNT_CLOSED


def test_who_may_not_set_it_is_refused() -> None:
    found = refused(account(), order(actor="bob", actor_role="member"))
    assert found is Rejected.ROLE_NOT_ALLOWED


def test_an_account_without_credits_takes_it() -> None:
    assert asked(account(currency="XXX", decks=()), order())[0] is None


def test_a_command_that_is_older_than_what_was_charged_alters_no_month_of_that() -> None:
    there = paris()
    there.spending.burn_to = (TURN + DAY_MS) // MINUTE_MS
    _, journal = asked(there, order())
    (entry,) = journal.entries

    assert isinstance(entry, r.TimeZoneSet)
    assert (entry.at_ms, entry.month) == (NOW, "2026-05")
