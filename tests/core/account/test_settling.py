"""A charge is applied and held where it breaks a limit; what nobody pays breaks none."""

from rater.core.account.account import Spending
from rater.core.account.charges import charge_of
from rater.core.account.journal import Journal
from rater.core.account.settling import hold_broken, settle
from rater.core.pricing.rated import Rated, waived
from tests.build import HOUR, NOW, UNIT, account, cdr, lot, source
from topics.records import Charge, ChargeLine, SpendLimitTripped


def test_a_charge_above_the_limit_of_one_call_is_held_unless_it_is_waived() -> None:
    lines = (ChargeLine("usage", 2 * UNIT, 60),)
    price = Rated("rated", 2 * UNIT, "acs", 1, "33", "France", "FR", "landline", lines)
    for given, kinds in ((price, [Charge, SpendLimitTripped]), (waived(price), [Charge])):
        there = account(lot(remaining=9 * UNIT), spending=Spending(cost_limit=UNIT))
        journal = Journal()
        entry = charge_of(there, cdr(), source(), given)
        broken = settle(there, cdr(), journal, entry)
        hold_broken(there, cdr(), source(), journal, (broken, "FR"))
        assert [type(each) for each in journal.entries] == kinds
        assert there.seq == len(kinds)


def test_a_call_that_costs_nothing_breaks_no_limit_that_was_set_below_what_is_spent() -> None:
    """What was spent was spent long ago, besides: no charge of money has turned the hour since."""
    spending = Spending(hour=NOW // HOUR - 30, spent=5 * UNIT)
    free = Rated("rated", 0, "acs", 1, "33", "France", "FR", "landline", ())
    there, journal = account(lot(remaining=9 * UNIT), spending=spending, limit=UNIT), Journal()
    broken = settle(there, cdr(), journal, charge_of(there, cdr(), source(), free))

    assert not broken
    assert [type(each) for each in journal.entries] == [Charge]
