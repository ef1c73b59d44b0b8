"""Credits are opened once, on an account that was opened without them; until then nothing of money is taken."""

import pytest

from rater.core.account.account import Account, has_credits
from rater.core.account.commands.registry import BY_RECORD
from rater.core.account.execution import open_account
from rater.core.account.past import Past
from rater.core.limits import BALANCE_MAX_MICROS
from rater.core.rejections import Rejected
from tests.build import NOW, RULES, account, journal, lot, source
from tests.core.account.asked import adjust, asked, back, engaged, funds, low, refused
from topics import records as r
from topics.fields import NO_CURRENCY

OPEN = r.OpenCredits("o2", "acme", "USD", ("acs",))


def bare(**fields: object) -> Account:
    """Return an account without credits."""
    return account(currency=NO_CURRENCY, decks=(), **fields)


def test_an_account_that_names_no_currency_has_no_credits_and_its_entry_says_so() -> None:
    said = journal()
    there = open_account(r.OpenAccount("o1", "acme"), source(), RULES, said)

    assert not has_credits(there)
    assert (there.currency, there.decks) == (NO_CURRENCY, ())
    (entry,) = said.entries
    assert isinstance(entry, r.AccountOpened)
    assert (entry.currency, entry.decks, entry.balance_micros) == (NO_CURRENCY, (), 0)
    (status,) = said.statuses
    assert (status.currency, status.balance_micros, status.overdraft_micros) == (None, None, None)
    assert (status.state, status.hours_remaining) == ("not_configured", None)
    assert {(each.reason, each.code) for each in status.blocked} == {("no_credits", 580462)}
    assert said.events == []


def test_credits_are_a_currency_and_decks_from_now_on() -> None:
    there = bare(seq=3)
    refusal, said = asked(there, OPEN)

    assert refusal is None
    head = ("acme/4", "acme", 4, NOW, "cdr.raw.v1", 0, 7, "USD", 0, 0, 0)
    assert said.entries == [r.CreditsOpened(*head, "o2", ("acs",))]
    assert (there.currency, there.decks) == ("USD", ("acs",))
    assert there.past == Past(NOW, [], [(NOW, ())])
    (event,) = said.events
    assert isinstance(event, r.CreditsOpenedEvent)
    assert (event.event_id, event.currency) == ("acme/4/credits_opened", "USD")
    (status,) = said.statuses
    assert (status.state, status.currency, status.balance_micros) == ("open", "USD", 0)
    assert {(each.reason, each.code) for each in status.blocked} == {("balance_not_positive", None)}


def test_the_bounds_are_then_those_of_the_currency() -> None:
    there = bare()
    engaged(there, OPEN)
    refusal, _ = asked(there, funds(amount=BALANCE_MAX_MICROS + 1))

    assert refusal is not None
    assert refusal.reason is Rejected.AMOUNT_TOO_LARGE


def test_what_has_credits_gets_none() -> None:
    assert refused(account(lot()), OPEN) is Rejected.CREDITS_OPEN
    there = bare()
    engaged(there, OPEN)
    assert refused(there, r.OpenCredits("o3", "acme", "EUR", ("acs",))) is Rejected.CREDITS_OPEN


MONEY: tuple[r.Command, ...] = (
    funds(),
    funds(seq=1),
    adjust(5),
    adjust(-5),
    back(1),
    back(1, r.RestorePayment),
    low("low"),
    low(),
    r.SetDecks("d1", "acme", ("acs",)),
    r.SetAutoRecharge("s1", "acme", enabled=False),
    r.SetPaymentMethods("m1", "acme", ()),
    r.SetSpendLimits("l1", "acme"),
    r.ResumeRecharge("r1", "acme"),
    r.SetBillingMode("b1", "acme", "prepaid"),
)
OTHERS: tuple[r.Command, ...] = (
    r.SetRecipients("c1", "acme", ()),
    r.SetEntitlements("e1", "acme", (r.EntitlementSetting("a", "US", 1),)),
    r.CloseAccount("x1", "acme"),
)


@pytest.mark.parametrize("order", MONEY, ids=lambda order: order.type)
def test_without_credits_nothing_of_money_is_taken(order: r.Command) -> None:
    assert refused(bare(), order) is Rejected.NO_CREDITS


@pytest.mark.parametrize("order", OTHERS, ids=lambda order: order.type)
def test_what_is_not_of_money_is_taken(order: r.Command) -> None:
    assert asked(bare(), order)[0] is None


def test_every_command_says_whether_it_needs_credits() -> None:
    """A new one is looked at here."""
    needs = {kind.__name__ for kind, each in BY_RECORD.items() if each.needs_credits}

    assert needs == {type(order).__name__ for order in MONEY}
