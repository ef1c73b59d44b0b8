"""An account without credits: its pools pay calls whole, or the calls wait. Story 49 tells it."""

from typing import Any

import pytest

from rater.core import engine
from rater.core.account.account import Account
from rater.core.account.bundle import price_in_bundle
from rater.core.account.contract import BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.past import Past
from rater.core.cdr import Cdr
from rater.core.pricing.numbering import is_masked
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.rated import Rated
from rater.core.pricing.rules import Rules
from rater.core.suspension import Suspended, Suspension
from rater.wire.pricing.zones import zone_of
from tests.build import (
    DAY,
    NOW,
    RULES,
    account,
    cdr,
    correcting,
    journal,
    lot,
    source,
)
from tests.plan_build import allowance, catalog, plan
from tests.story_settings import masking
from topics.fields import NO_CURRENCY
from topics.records import Charge, ChargeReversed
from topics.records.plans import MinutePrice

POOL = "2026-03/CALLS/all/DE"
PARIS, LYON = "+33142685300", "+33472685300"
BOOK = PlanBook([catalog(plan("CALLS", allowance("all", 300)))], zone_of)
PLANS = RULES.with_plans(BOOK)


def bare(used_s: int = 0, **fields: Any) -> Account:
    """Return an account without credits that has five minutes, some of them used."""
    contract = Contract(
        [Entitlement("CALLS", "DE", 0, 1, 3)], list[BillingMode](), {POOL: used_s} if used_s else {}
    )
    return account(**{"currency": NO_CURRENCY, "decks": (), "contract": contract, **fields})


def made(seconds: int, **fields: Any) -> Cdr:
    asked = {"call_type": "user_out", "usage_country": "DE", "to": PARIS, **fields}
    return cdr(billsec=seconds, **asked)


def charged(there: Account, call: Cdr, rules: Rules = PLANS) -> Charge | Suspension:
    said = journal()
    found = engine.charge(there, call, source(), rules, said)
    if isinstance(found, Suspension):
        assert said.entries == []
        return found
    (entry,) = said.entries
    assert isinstance(entry, Charge)
    return entry


def reason(found: Charge | Suspension) -> str | None:
    assert isinstance(found, Suspension), found
    return found.reason


def test_what_pools_pay_whole_is_charged_nothing_though_no_deck_priced_it() -> None:
    there = bare()
    entry = charged(there, made(241))

    assert isinstance(entry, Charge)
    assert (entry.outcome, entry.charge_micros, entry.currency) == ("rated", 0, NO_CURRENCY)
    assert (entry.deck_id, entry.deck_version, entry.prefix, entry.destination) == (None,) * 4
    assert [(draw.source, draw.id, draw.quantity) for draw in entry.draws] == [("pool", POOL, 300)]
    assert [(line.kind, line.quantity, line.amount_micros) for line in entry.lines] == [
        ("pool", 300, 0)
    ]
    assert (entry.plan_version, entry.entitlement_seq) == (1, 3)
    assert there.contract is not None
    assert there.contract.used_s == {POOL: 300}


def test_a_call_of_which_money_would_pay_a_second_waits_and_draws_nothing() -> None:
    there = bare(60)
    found = charged(there, made(241))

    assert isinstance(found, Suspension)
    assert found.reason == Suspended.NO_TENANT_CAPABILITY
    assert found.detail.endswith("its pools pay 240 of 241 s (580462)")
    assert there.contract is not None
    assert there.contract.used_s == {POOL: 60}
    assert isinstance(charged(there, made(240)), Charge)


@pytest.mark.parametrize(
    "fields",
    [
        {"call_type": "another"},
        {"usage_country": "GB"},
        {"to": "30001"},
        {"to": "+999123456789"},
        {"direction": "in", "to": "+18005550100"},
    ],
)
def test_what_no_pool_pays_waits_whatever_it_is(fields: dict[str, Any]) -> None:
    assert reason(charged(bare(), made(60, **fields))) == Suspended.NO_TENANT_CAPABILITY


def test_without_a_contract_all_waits_but_what_nobody_pays() -> None:
    there = account(currency=NO_CURRENCY, decks=())
    assert reason(charged(there, made(60))) == Suspended.NO_TENANT_CAPABILITY
    for free, call in (
        ("emergency", made(60, to="112")),
        ("unanswered", made(0, disposition="busy", is_answer_named=False)),
        ("inbound", made(60, direction="in")),
    ):
        entry = charged(there, call)
        assert isinstance(entry, Charge)
        assert (entry.reason, entry.charge_micros) == (free, 0)


def test_a_cdr_that_contradicts_itself_or_names_no_number_says_that_first() -> None:
    assert reason(charged(bare(), made(60, ended_ms=NOW, answered_ms=NOW - DAY))) == "contradictory"
    assert reason(charged(bare(), made(60, to="+3301426853"))) == "impossible_number"


def test_the_answer_decides_whether_there_were_credits() -> None:
    there = account(
        lot(),
        past=Past(NOW - 600_000, [], [(NOW - 600_000, ())]),
        contract=Contract([Entitlement("CALLS", "DE", 0, 1, 3)], [], {POOL: 300}),
    )
    assert reason(charged(there, made(60, ended_ms=NOW - 600_000))) == "no_tenant_capability"
    entry = charged(there, made(60))
    assert isinstance(entry, Charge)
    assert (entry.charge_micros, entry.deck_id) == (20_000, "acs")


def test_pools_do_not_price_for_a_deck_that_has_no_row() -> None:
    there = bare(currency="USD", decks=("acs",))
    assert reason(charged(there, made(60, to="+9607000000"))) == "no_rate"


def corrected(there: Account, *calls: Cdr) -> list[Charge | ChargeReversed | Suspension]:
    """Charge a call, then its corrections, each of the charge before it."""
    rules = correcting().with_plans(BOOK)
    found: list[Charge | ChargeReversed | Suspension] = []
    last: Charge | None = None
    for call in calls:
        said = journal()
        if call.version == 1:
            outcome = engine.charge(there, call, source(), rules, said)
        else:
            outcome = engine.correct(there, call, source(), rules, said, last)
        if isinstance(outcome, Suspension):
            found.append(outcome)
            continue
        for entry in said.entries:
            assert isinstance(entry, Charge | ChargeReversed)
            found.append(entry)
            last = entry if isinstance(entry, Charge) else last
    return found


def test_what_a_correction_replaces_is_back_in_its_pool_before() -> None:
    """All five minutes are used by the call: four of them may replace them, and six may not."""
    there = bare()
    later = {"kind": "correction"}
    first, back, second, third = corrected(
        there,
        made(300),
        made(240, version=2, **later),
        made(360, version=3, **later),
    )
    assert isinstance(first, Charge)
    assert isinstance(back, ChargeReversed)
    assert isinstance(second, Charge)
    assert [(draw.id, draw.quantity) for draw in second.draws] == [(POOL, 240)]
    assert isinstance(third, Suspension)
    assert third.reason == Suspended.NO_TENANT_CAPABILITY
    assert there.contract is not None
    assert there.contract.used_s == {POOL: 240}


def test_numbers_are_hidden_as_far_as_pools_pay_the_masked_call_likewise() -> None:
    """Paris and Lyon are of one country and type by the numbering data: no digit of them is needed."""
    rules = PLANS.with_settings(masking(["=4"]))
    for number in (PARIS, LYON):
        entry = charged(bare(), made(60, to=number), rules)
        assert isinstance(entry, Charge)
        assert is_masked(entry.call.to)
        assert entry.call.to == number[:-4] + "****"


def test_numbers_are_hidden_where_pools_pay_a_call_that_a_deck_prices_too() -> None:
    rules = PLANS.with_settings(masking(["=4"]))
    for seconds in (60, 400):
        entry = charged(bare(0, currency="USD", decks=("acs",)), made(seconds), rules)
        assert isinstance(entry, Charge)
        assert entry.draws[0].source == "pool"
        assert entry.call.to == PARIS[:-4] + "****"


def test_where_the_number_dialled_leads_decides_which_pools_pay() -> None:
    """Dialled is Paris, and it leads to Lyon; where it is premium itself, no pool pays it, wherever it leads."""
    book = PlanBook(
        [catalog(plan("CALLS", allowance("all", 300)), unpooled_prefixes=("+331",))], zone_of
    )
    for to, dialled, drawn in (
        (LYON, None, 60),
        (LYON, PARIS, 0),
        (PARIS, None, 0),
        (PARIS, LYON, 0),
    ):
        found = charged(bare(), made(60, to=to, dialled=dialled), RULES.with_plans(book))
        assert isinstance(found, Charge) == bool(drawn), (to, dialled)
    entry = charged(bare(), made(60, to=LYON, dialled=PARIS))
    assert isinstance(entry, Charge)
    assert (entry.call.to, entry.call.routing_number) == (PARIS, LYON)


def test_the_price_itself_says_country_and_type_by_the_numbering_data() -> None:
    price = price_in_bundle(bare(), made(60), PLANS, NOW, None, None)

    assert isinstance(price, Rated)
    assert (price.country, price.number_type) == ("FR", RULES.numbering.kind_of(PARIS))


def test_a_call_of_before_the_credits_does_not_use_minutes_that_cost_money() -> None:
    """It comes when there is a currency; when it was made, nothing could have paid for the minute."""
    priced = allowance("all", 300, prices=(MinutePrice("USD", 10_000),))
    rules = RULES.with_plans(PlanBook([catalog(plan("CALLS", priced))], zone_of))
    past = Past(NOW, [], [(NOW, ())])
    who = bare(currency="USD", decks=("acs",), past=past)

    found = engine.charge(who, made(60, ended_ms=NOW - 1), source(), rules, journal())

    assert isinstance(found, Suspension)
    assert found.reason == Suspended.NO_TENANT_CAPABILITY
    assert who.seq == 0


def test_a_call_that_only_minutes_with_a_price_would_pay_says_that_they_have_one() -> None:
    free = allowance("free", 120)
    priced = allowance("all", 300, prices=(MinutePrice("USD", 10_000), MinutePrice("EUR", 9_000)))
    rules = RULES.with_plans(PlanBook([catalog(plan("CALLS", free, priced))], zone_of))

    found = charged(bare(), made(180), rules)

    assert isinstance(found, Suspension)
    assert found.detail == (
        "tenant_id: acme had no credits when the call was answered, and its pools pay 120 of 180 s (580462);"
        " seconds that have a price (EUR, USD) are none of an account that had no currency"
    )
