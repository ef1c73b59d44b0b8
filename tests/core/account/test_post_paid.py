"""Post-paid: the start of a call decides; lots pay first, a month owes the rest, a limit blocks the calls to come."""

from typing import Any

import pytest

from rater.core import engine
from rater.core.account.account import Account, Threshold
from rater.core.account.contract import Billing, BillingMode, Contract, owe
from rater.core.account.journal import Journal
from rater.core.account.past import KEPT_MS
from rater.core.account.status import CREDIT_LIMIT, EXHAUSTED, OPEN, status_class
from rater.core.cdr import Cdr
from rater.core.limits import NEVER_MS
from rater.core.suspension import Suspended, Suspension
from rater.core.times import from_millis
from rater.wire.account.state import decode_account, encode_account
from tests.build import DAY, NOW, RULES, UNIT, account, cdr, correcting, draw, lot, source
from topics import records as r
from topics.records.balance import CreditLimitReached

LATER = [BillingMode(NOW - DAY, True, 1)]
MOBILE = 125_000
"""A minute to +336."""


def owing(*lots: Any, limit: int = 0, owed: dict[str, int] | None = None, **other: Any) -> Account:
    """Make an account that pays later since a day, as it was said."""
    modes = [BillingMode(NOW - DAY, True, 1, limit)]
    contract = Contract([], modes, None, "charge", Billing(True, limit, said_ms=NOW - DAY), owed)
    return account(*lots, contract=contract, **other)


def charged(there: Account, call: Cdr | None = None, at_ms: int = NOW) -> Journal:
    journal = Journal()
    call = cdr(to="+33612345678") if call is None else call
    assert engine.charge(there, call, source(at_ms), RULES, journal) == "rated"
    return journal


def draws(journal: Journal) -> tuple[r.Draw, ...]:
    return next(entry for entry in journal.entries if isinstance(entry, r.Charge)).draws


def states(journal: Journal) -> list[str]:
    return [e.state for e in journal.entries if isinstance(e, r.BillingStateChanged)]


def test_lots_pay_first_and_the_month_of_the_start_owes_the_rest() -> None:
    last = lot("A", 25_000)
    there = owing(last, debt=0)
    journal = charged(there)

    assert draws(journal) == (
        draw("A", 25_000, empties=last),
        r.Draw("post_paid", "2026-03", 100_000),
    )
    assert (there.balance, there.debt) == (0, 0)
    assert there.contract is not None
    assert there.contract.owed == {"2026-03": 100_000}
    assert journal.events == []
    assert states(journal) == []


def test_a_call_that_began_before_is_prepaid_and_what_no_lot_pays_of_it_is_debt() -> None:
    there = owing()
    journal = charged(there, cdr(to="+33612345678", ended_ms=NOW - 2 * DAY))

    assert draws(journal) == (r.Draw("shortfall", None, MOBILE),)
    assert (there.balance, there.debt) == (-MOBILE, MOBILE)


def test_a_call_of_last_month_is_owed_of_last_month() -> None:
    there = account(contract=Contract([], [BillingMode(0, True, 1)]), time_zone="Asia/Tokyo")
    charged(there, cdr(to="+33612345678", billsec=61, ended_ms=1_772_290_860_000))

    assert there.contract is not None
    # It began at 2026-02-28T15:00 UTC less a second: 23:59:59 in Tokyo.
    assert there.contract.owed == {"2026-02": 2 * MOBILE}


def test_the_account_says_that_it_pays_later_and_is_not_exhausted() -> None:
    there = account(contract=Contract([], LATER))
    assert status_class(there) == EXHAUSTED
    journal = charged(there)

    assert states(journal) == ["post_paid"]
    assert [event.event_id for event in journal.events] == ["acme/2/restored"]
    assert status_class(there) == OPEN


@pytest.mark.parametrize("owed", [374_999, 375_000])
def test_paid_calls_are_blocked_when_as_much_is_owed_as_may_be(owed: int) -> None:
    there = owing(limit=500_000, owed={"2026-03": owed})
    journal = charged(there)

    reached = owed == 375_000
    assert states(journal) == (["limit_reached"] if reached else [])
    assert status_class(there) == (CREDIT_LIMIT if reached else OPEN)
    if reached:
        (event,) = journal.events
        assert isinstance(event, CreditLimitReached)
        # 2026-04-01T00:00:00Z.
        assert (event.month, event.owed_micros, event.until_ms) == (
            "2026-03", 500_000, 1_775_001_600_000,
        )  # fmt: skip
        assert there.due_ms == 1_775_001_600_000
        assert journal.statuses[-1].blocked[0].reason == "credit_limit"
        assert states(charged(there)) == []


def test_a_month_that_is_over_blocks_nothing() -> None:
    there = owing(limit=MOBILE, owed={"2026-02": 9 * UNIT})
    assert there.contract is not None
    there.contract.billing_modes = [BillingMode(NOW - 99 * DAY, True, 1, MOBILE)]
    journal = charged(there, cdr(to="+33612345678", ended_ms=NOW - 2 * DAY))

    assert states(journal) == []
    assert there.contract.owed == {"2026-02": 9 * UNIT + MOBILE}


def test_with_the_next_month_calls_are_allowed_again() -> None:
    there = owing(limit=MOBILE)
    charged(there)
    assert status_class(there) == CREDIT_LIMIT
    journal = Journal()
    turn = r.ExpireLots("t1", "acme", there.due_ms)
    engine.command(there, turn, source(there.due_ms), RULES, journal)

    assert states(journal) == ["post_paid"]
    assert status_class(there) == OPEN
    assert there.due_ms == NEVER_MS


def test_a_correction_gives_back_what_is_owed() -> None:
    there = owing(limit=MOBILE)
    (original,) = [e for e in charged(there).entries if isinstance(e, r.Charge)]
    journal = Journal()
    void = cdr(to="+33612345678", version=2, kind="void")
    assert engine.correct(there, void, source(), correcting(), journal, original) == "voided"

    (back, said) = journal.entries
    assert isinstance(back, r.ChargeReversed)
    assert back.returns == (r.Draw("post_paid", "2026-03", MOBILE),)
    assert (back.amount_micros, there.balance, there.debt) == (0, 0, 0)
    assert isinstance(said, r.BillingStateChanged)
    assert (said.state, said.owed_micros) == ("post_paid", 0)


def test_what_is_owed_pays_no_debt_when_it_comes_back() -> None:
    there = owing()
    (original,) = [e for e in charged(there).entries if isinstance(e, r.Charge)]
    charged(there, cdr(to="+33612345678", cdr_id="c2", ended_ms=NOW - 2 * DAY))
    assert there.debt == MOBILE
    journal = Journal()
    void = cdr(to="+33612345678", version=2, kind="void")
    engine.correct(there, void, source(), correcting(), journal, original)

    assert (there.balance, there.debt) == (-MOBILE, MOBILE)


def test_thresholds_are_silent_and_look_again_when_the_account_is_prepaid() -> None:
    there = owing(lot("A", MOBILE), thresholds=[Threshold("low", UNIT, armed=True)])
    there.calm_from, there.calm_to = -(2**60), 2**60
    assert charged(there).events == []
    journal = Journal()
    before = r.SetBillingMode("b2", "acme", "prepaid")
    engine.command(there, before, source(NOW + 1), RULES, journal)

    ids = [event.event_id.partition("/")[2].partition("/")[2] for event in journal.events]
    assert ids == ["billing_mode", "crossed/low", "exhausted"]
    assert status_class(there) == EXHAUSTED


def test_a_mode_that_is_to_come_is_due_at_its_beginning_and_not_before() -> None:
    there = account()
    order = r.SetBillingMode("b1", "acme", "post_paid", from_millis(NOW + DAY), None, UNIT)
    engine.command(there, order, source(), RULES, Journal())
    assert decode_account(encode_account(there)).due_ms == there.due_ms == NOW + DAY
    for at_ms, said in ((NOW + DAY - 1, []), (NOW + DAY, ["post_paid"]), (NOW + DAY + 1, [])):
        journal = Journal()
        engine.command(
            there, r.ExpireLots(f"t{at_ms}", "acme", NOW + DAY), source(at_ms), RULES, journal
        )
        assert states(journal) == said


def test_an_entry_that_comes_late_does_not_turn_the_state_back() -> None:
    there = owing()
    assert there.contract is not None
    there.contract.billing.said_ms = NOW + DAY
    there.contract.billing_modes = [BillingMode(NOW + 1, True, 1)]

    assert states(charged(there, cdr(to="+33612345678"), NOW)) == []


def test_no_more_is_owed_than_a_balance_may_be() -> None:
    there = owing(owed={"2026-03": 9 * 10**15})
    found = engine.charge(there, cdr(to="+33612345678"), source(), RULES, Journal())

    assert isinstance(found, Suspension)
    assert found.reason is Suspended.AMOUNT_TOO_LARGE
    assert "owed of 2026-03" in found.detail


def test_debt_of_before_does_not_keep_a_call_from_being_owed() -> None:
    there = owing(debt=2 * UNIT)
    there.balance_max = 2 * UNIT
    charged(there)

    assert (there.balance, there.debt) == (-2 * UNIT, 2 * UNIT)


def test_months_of_which_no_call_comes_are_forgotten_and_take_nothing_back() -> None:
    contract = Contract([], LATER, owed={"2020-01": 5, "2026-02": 6})
    owe(contract, "2026-03", 7, NOW)
    assert contract.owed == {"2026-02": 6, "2026-03": 7}
    owe(contract, "2020-01", -5, NOW)
    assert contract.owed == {"2026-02": 6, "2026-03": 7}
    owe(contract, "2026-02", -6, NOW + KEPT_MS)
    assert contract.owed == {"2026-02": 0, "2026-03": 7}


def test_a_credit_limit_is_of_who_pays_later() -> None:
    journal = Journal()
    order = r.SetBillingMode("b1", "acme", "prepaid", None, None, UNIT)
    engine.command(account(), order, source(), RULES, journal)

    (entry,) = journal.entries
    assert isinstance(entry, r.CommandRejected)
    assert (entry.reason, entry.detail.partition(":")[0]) == (
        "invalid_setting", "credit_limit_micros",
    )  # fmt: skip
