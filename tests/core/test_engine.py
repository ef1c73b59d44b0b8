"""The engine: what becomes of a CDR and of a command, each reason once."""

from typing import Any

import pytest

from rater.core.account.account import Account, HighRateWatch, Threshold
from rater.core.account.journal import Journal
from rater.core.account.status import OPEN
from rater.core.engine import charge, command
from rater.core.limits import AMOUNT_MICROS_MAX, GRACE_MS, NEVER_MS
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.unrated import Unrated
from rater.core.rejections import Rejected
from rater.core.suspension import Suspended, Suspension
from rater.core.times import from_millis
from tests.build import DAY, NOW, RULES, UNIT, account, cdr, deck, lot, shortfall_of, source
from topics import records as r
from topics.records import balance as v


def charged(there: Account, **fields: Any) -> tuple[Any, Journal]:
    journal = Journal()
    return charge(there, cdr(**fields), source(), RULES, journal), journal


def entry_of(journal: Journal) -> Any:
    return journal.entries[-1]


def test_a_rated_call_is_drawn_from_the_lots_and_says_how() -> None:
    outcome, journal = charged(account(lot("a", 200_000), lot("b")), billsec=90)
    entry = entry_of(journal)

    assert outcome == "rated"
    assert (entry.charge_micros, entry.balance_micros) == (250_000, 950_000)
    assert [(d.id, d.amount_micros) for d in entry.draws] == [("a", 200_000), ("b", 50_000)]
    assert (entry.deck_id, entry.deck_version, entry.prefix) == ("acs", 1, "336")
    assert (entry.entry_id, entry.seq, entry.source_offset) == ("acme/1", 1, 7)


def test_a_charge_beyond_the_balance_becomes_debt() -> None:
    there = account(lot("a", 100_000))
    _, journal = charged(there)

    assert (there.balance, there.debt, there.lots) == (-25_000, 25_000, [])
    assert shortfall_of(entry_of(journal)) == 25_000
    assert [type(event) for event in journal.events] == [v.BalanceExhausted]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"disposition": "busy", "is_answer_named": False}, "unanswered"),
        ({"billsec": 0}, "zero_duration"),
        ({"to": "112"}, "emergency"),
        ({"to": "+112"}, "emergency"),
        ({"to": "+1911", "usage_country": "US"}, "emergency"),
        ({"to": "112", "answered_ms": NOW - 3_600_000}, "emergency"),
        ({"direction": "in"}, "inbound"),
        ({"to": "+78001234567"}, "free_rate"),
    ],
)
def test_a_free_call_is_an_entry_of_nothing_with_its_reason(
    fields: dict[str, Any], reason: str
) -> None:
    there = account(lot())
    outcome, journal = charged(there, **fields)

    assert (outcome, entry_of(journal).reason) == ("free", reason)
    assert (entry_of(journal).charge_micros, there.balance, there.seq) == (0, UNIT, 1)


@pytest.mark.parametrize(
    ("fields", "terms", "reason"),
    [
        ({"ended_ms": NOW}, {"closed_ms": NOW - DAY}, Suspended.ACCOUNT_CLOSED),
        ({"to": "+390612345678", "ended_ms": NOW - 10 * 3_600_000}, {}, Unrated.OUTSIDE_BANDS),
        ({"to": "+449098765432"}, {}, Unrated.DENIED),
        ({"to": "+999123456"}, {}, Unrated.NO_RATE),
        ({"to": "3635"}, {}, Unrated.SHORT_NUMBER),
        ({"to": "+1001"}, {}, Unrated.SHORT_NUMBER),
        ({"to": "+3301426853"}, {}, Unrated.IMPOSSIBLE_NUMBER),
        ({"disposition": "failed", "billsec": 72}, {}, Unrated.CONTRADICTORY),
        ({"billsec": 10_800, "answered_ms": NOW - 306_000}, {}, Unrated.CONTRADICTORY),
        ({"to": "+881612345678"}, {}, Unrated.AMBIGUOUS_ORIGIN),
        ({"to": "+33********"}, {}, Unrated.AMBIGUOUS_PREFIX),
        ({"to": "+5999123", "billsec": 61}, {}, Unrated.AMOUNT_TOO_LARGE),
        ({}, {"debt": AMOUNT_MICROS_MAX}, Suspended.AMOUNT_TOO_LARGE),
        ({}, {"decks": ("gone",)}, Unrated.UNKNOWN_DECK),
    ],
    ids=str,
)
def test_a_call_that_cannot_be_charged_waits_and_changes_nothing(
    fields: dict[str, Any], terms: dict[str, Any], reason: str
) -> None:
    there = account(**terms)
    outcome, journal = charged(there, **fields)

    assert type(outcome) is Suspension
    assert outcome.reason == reason
    assert outcome.detail.partition(":")[0]
    assert (journal.entries, journal.statuses, there.seq) == ([], [], 0)


def test_an_account_in_another_currency_than_its_decks_waits() -> None:
    rules = RULES.with_book(DeckBook.of([deck(currency="EUR")]))
    outcome = charge(account(lot()), cdr(), source(), rules, Journal())

    assert isinstance(outcome, Suspension)
    assert outcome.reason == Unrated.CURRENCY_MISMATCH


def test_a_call_answered_before_the_account_was_closed_is_charged() -> None:
    outcome, _ = charged(account(lot(), closed_ms=NOW))

    assert outcome == "rated"


def test_a_late_call_draws_on_a_lot_in_its_grace_without_touching_the_balance() -> None:
    there = account(lot("new"), expired=[lot("old", 100_000, NOW - DAY)])
    outcome, journal = charged(there, ended_ms=NOW - DAY)

    assert outcome == "rated"
    assert [(d.id, d.grace) for d in entry_of(journal).draws] == [("old", True), ("new", False)]
    assert (entry_of(journal).amount_micros, there.balance) == (-25_000, UNIT - 25_000)


def test_a_call_that_came_after_the_grace_says_so() -> None:
    there = account(lot("new"), forfeited_to_ms=NOW - DAY)

    assert entry_of(charged(there, ended_ms=NOW - DAY)[1]).late_after_expiry is True
    assert entry_of(charged(there, ended_ms=NOW)[1]).late_after_expiry is False


def test_what_is_due_is_posted_before_the_call_is_charged() -> None:
    old, gone = lot("old", 500_000, NOW - 1), lot("gone", 500_000, NOW - GRACE_MS)
    there = account(gone, old, lot("new"))
    _, journal = charged(there)

    assert [type(entry).__name__ for entry in journal.entries] == [
        "LotExpired",
        "LotExpired",
        "LotForfeited",
        "Charge",
    ]
    assert there.balance == UNIT - 125_000


def test_a_charge_that_crosses_a_threshold_says_so_once() -> None:
    there = account(lot(), thresholds=[Threshold("low", UNIT, armed=True)])

    assert [type(x) for x in charged(there)[1].events] == [v.ThresholdCrossed]
    assert charged(there, cdr_id="c2")[1].events == []


def test_the_charge_that_passes_a_limit_is_charged_and_then_held() -> None:
    there = account(lot("a", UNIT), per_hour=200_000, cost_limit=50_000, status_class=OPEN)
    journal = charged(there, usage_country="FR")[1]
    charge_entry, held = journal.entries

    assert (charge_entry.seq, held.seq, there.balance) == (1, 2, 875_000)
    assert isinstance(held, r.SpendLimitTripped)
    assert (held.cdr_id, held.limit, held.amount_micros) == ("c1", "cost_per_call", 0)
    assert (held.limit_micros, held.found_micros) == (50_000, 125_000)
    assert held.denied == ("international",)
    (event,) = journal.events
    assert (event.event_id, event.cause) == ("acme/2/fraud/cost_per_call", "charge")
    (blocked,) = journal.statuses[-1].blocked
    assert (blocked.call_type, blocked.reason) == ("international", "spend_limit")

    again = charged(there, cdr_id="c2")[1]
    assert [getattr(entry, "limit", None) for entry in again.entries] == [None, "spend_per_hour"]
    assert len(charged(there, cdr_id="c3")[1].entries) == 1


def test_a_new_dear_destination_too_many_is_held() -> None:
    there = account(lot("a", UNIT), high_rate=HighRateWatch(20_000, 1, [], []))
    limits = []
    for n, to in enumerate(("+33612345678", "+33612345679", "+447500123456", "+33142685300")):
        entries = charged(there, cdr_id=f"c{n}", to=to)[1].entries
        limits.append([x.limit for x in entries if isinstance(x, r.SpendLimitTripped)])

    assert limits == [[], [], [], ["new_destinations"]]
    assert there.spending.high_rate is not None
    assert there.spending.high_rate.known == ["336", "33"]


def test_an_account_is_opened_once() -> None:
    journal = Journal()
    order = r.OpenAccount("o1", "acme", "USD", ("acs",), "UTC")
    there = command(None, order, source(), RULES, journal)
    assert there is not None

    again = command(
        there, r.OpenAccount("o2", "acme", "EUR", ("acs",), "UTC"), source(), RULES, journal
    )

    assert (there.seq, there.currency, there.closed_ms) == (1, "USD", NEVER_MS)
    assert again is there
    assert [getattr(entry, "reason", None) for entry in journal.entries] == [
        None,
        Rejected.ACCOUNT_EXISTS,
    ]


def test_a_command_for_a_tenant_without_an_account_is_refused() -> None:
    journal = Journal()

    assert command(None, r.CloseAccount("x", "nobody", None), source(), RULES, journal) is None
    refused = entry_of(journal)
    assert (refused.reason, refused.seq, refused.balance_micros) == ("unknown_tenant", 0, None)
    assert refused.command_type == "close_account"
    assert refused.entry_id == "cdr.raw.v1/0/7"


@pytest.mark.parametrize("closed", [False, True])
def test_captured_money_that_is_refused_is_told_with_its_payment(closed: bool) -> None:  # noqa: FBT001
    there = account(lot("pi_1", UNIT), seq=4)
    there.closed_ms = NOW - 1 if closed else NEVER_MS
    journal = Journal()
    command(there, credit("pi_1", 2 * UNIT), source(), RULES, journal)
    refused = entry_of(journal)
    (event,) = journal.events

    assert (refused.reason, refused.lot_id, refused.credit_micros, refused.payment_command_id) == (
        *("lot_exists", "pi_1", 2 * UNIT),
        "acme/recharge/1/2/1",
    )
    assert isinstance(event, v.CreditRefused)
    assert (event.event_id, event.seq, event.balance_micros, event.cause, event.cause_id) == (
        *("acme/4/credit_refused/pi_1", 4, UNIT, "credit"),
        "credit/acme/recharge/1/2/1",
    )
    assert (event.lot_id, event.amount_micros, event.reason, event.payment_command_id) == (
        *("pi_1", 2 * UNIT, "lot_exists"),
        "acme/recharge/1/2/1",
    )
    assert (there.seq, there.balance, journal.statuses) == (4, UNIT, [])


@pytest.mark.parametrize(
    ("there", "order"),
    [
        (account(lot("L1", UNIT)), r.AddFunds("f1", "acme", "L1", UNIT, "USD", from_millis(NOW))),
        (None, r.AddFunds("credit/x", "acme", "pi_1", UNIT, "USD", from_millis(NOW), 1, "x")),
        (account(), r.OpenAccount("o2", "acme", "USD", ("acs",), "UTC")),
    ],
)
def test_what_is_no_captured_money_of_an_account_is_refused_without_an_event(
    there: Account | None, order: r.Command
) -> None:
    journal = Journal()
    command(there, order, source(), RULES, journal)

    assert len(journal.entries) == 1
    assert journal.events == []


def credit(lot_id: str, amount: int) -> r.AddFunds:
    """Return the credit of a capture, as recharge asks for it."""
    payment = "acme/recharge/1/2/1"
    return r.AddFunds(
        f"credit/{payment}", "acme", lot_id, amount, "USD", from_millis(NOW), 1, payment
    )
