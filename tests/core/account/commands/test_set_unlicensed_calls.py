"""What becomes of paid calls of users without the credits licence is set for all CDRs that come later."""

from rater.core.account.contract import Contract
from rater.core.account.entitlement import Entitlement
from tests.build import NOW, account
from tests.core.account.asked import asked
from topics import records as r


def test_the_entry_says_what_and_the_account_keeps_it_beside_the_rest_of_its_contract() -> None:
    licences = [Entitlement("domestic", "US", NOW, 1, 2)]
    there = account(seq=6, contract=Contract(licences, [], {"2026-03/domestic/calls/US": 60}))
    refusal, journal = asked(there, r.SetUnlicensedCalls("u1", "acme", "waive", "Settled."))

    assert refusal is None
    assert journal.entries == [
        r.UnlicensedCallsSet(
            *("acme/7", "acme", 7, NOW, "cdr.raw.v1", 0, 7, "USD", 0, 0, 0),
            *("u1", "waive", "Settled."),
        )
    ]
    assert there.contract == Contract(licences, [], {"2026-03/domestic/calls/US": 60}, "waive")
    assert journal.events == []


def test_an_account_of_which_nothing_was_said_charges_them() -> None:
    assert account().contract is None
    assert Contract([], []).unlicensed_calls == "charge"
