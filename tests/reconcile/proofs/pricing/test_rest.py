"""What the reconciler says of the rest that a pool leaves of a call over a border of bands or tiers (A91)."""

import json
from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.plan_build import allowance, plan, record
from tests.reconcile.drawn_decks import (
    BANDS,
    CALENDARS,
    ORIGINS,
    TERMS,
    TIERS,
    Cells,
    sheet_of,
    slots,
)
from tests.reconcile.honest_worker import DAY_MS, START_MS, HonestWorker, at
from tests.reconcile.tampering import Topics, altered, differences, place_of
from topics.catalog import LEDGER
from topics.records import FundingChain

MINUTE_MS = 60_000
EVENING_MS = START_MS + 9 * DAY_MS + 20 * 60 * MINUTE_MS
"""20:00."""
BY_HOUR = b"""prefix,country,number_type,rate,increment,start,end,connection_fee
33,FR,mobile,0.30,6/60,08:00,20:00,0
33,FR,mobile,0.01,6/60,20:00,08:00,0.5
"""
BY_SECOND = b"""prefix,country,number_type,rate,increment,from_second,connection_fee
33,FR,mobile,1,6/60,0,0
33,FR,mobile,0.01,6/60,3,5
"""


def worker_of(
    sheet: bytes, pool_s: int, unit_s: int = 1, terms: tuple[str, str] = ("UTC", "split")
) -> HonestWorker:
    """Return a worker with an account whose only plan gives so many seconds a month."""
    given = allowance("a", pool="near", seconds=pool_s, scope="any", per="account")
    plans = record(
        plan("ONE", given, unit_s=unit_s, exhaustion="independent"),
        valid_from=at(START_MS - 60 * DAY_MS),
        chains=(FundingChain("*", ("near", "credits")),),
    )
    decks = {"acs": sheet}
    worker = HonestWorker(decks=decks, plans=plans, deck_terms=terms, calendars=CALENDARS)
    worker.now_ms += 10 * DAY_MS
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 900_000_000)
    licences = [{"plan_id": "ONE", "usage_country": "FR", "licences": 1}]
    since = at(START_MS - 30 * DAY_MS)
    worker.command("acme", "set_entitlements", entitlements=licences, valid_from=since)
    worker.work()
    return worker


def charged(sheet: bytes, seconds: int = 66, pool_s: int = 1) -> Topics:
    """Return the topics after one call that ends a minute after 20:00, its first seconds of a pool."""
    worker = worker_of(sheet, pool_s)
    worker.call("acme", "c", billsec=seconds, ended_ms=EVENING_MS + MINUTE_MS, usage_country="FR")
    worker.work()
    return dict(worker.topics)


def of_charge(topics: Topics) -> dict[str, Any]:
    index = place_of(topics, LEDGER.name, lambda entry: entry["kind"] == "charge")
    entry: dict[str, Any] = json.loads(topics[LEDGER.name][index][1].value or b"")
    return entry


def said_of(topics: Topics, micros: int) -> set[str]:
    """Return what is found in a charge of so much, whose lines add up to it."""
    index = place_of(topics, LEDGER.name, lambda entry: entry["kind"] == "charge")
    usage, *others = of_charge(topics)["lines"]
    beside = sum(line["amount_micros"] for line in others)
    lines = [usage | {"amount_micros": micros - beside}, *others]
    lie = {"charge_micros": micros, "amount_micros": -micros, "lines": lines}
    found = differences(altered(topics, LEDGER.name, index, lie))
    return {each.field for each in found if each.proof == "charges"}


@pytest.mark.parametrize(
    ("sheet", "micros", "uncapped"),
    [
        # By day 6 s at 0.30, by night 60 s at 0.01, and the fee of the day, none. By itself the rest were two minutes.
        (BY_HOUR, 40_000, 310_000),
        # 6 s at 1.00, 60 s at 0.01, and the fee of the first tier, none.
        (BY_SECOND, 110_000, 1_010_000),
    ],
)
def test_the_cap_of_a_call_over_a_border_is_the_price_of_the_whole_and_no_other(
    sheet: bytes, micros: int, uncapped: int
) -> None:
    topics = charged(sheet)

    assert of_charge(topics)["charge_micros"] == micros
    assert differences(topics) == []
    for other in (micros - 1, micros + 1, uncapped):
        assert "charge_micros" in said_of(topics, other), other


def test_a_rest_that_is_the_lesser_is_no_other_either() -> None:
    topics = charged(BY_SECOND, seconds=120, pool_s=60)

    # 60 s of the second tier, and no fee.
    assert of_charge(topics)["charge_micros"] == 10_000
    assert differences(topics) == []
    for other in (9_999, 10_001, 5_010_000, 120_000):
        assert "charge_micros" in said_of(topics, other), other


ONCE_BY_NIGHT = b"""prefix,country,number_type,rate,increment,start,end,connection_fee
33,FR,mobile,0.30,6/60,08:00,20:00,0.05
33,FR,mobile,0.90,60/0,20:00,08:00,0.5
"""


def test_one_price_per_call_that_was_not_in_force_at_the_answer_bills_nothing_of_the_rest() -> None:
    topics = charged(ONCE_BY_NIGHT, pool_s=10)

    # 56 s of the night cost nothing; the fee is that of the day, in which the call began.
    assert of_charge(topics)["charge_micros"] == 50_000
    assert differences(topics) == []
    for other in (50_001, 80_000, 500_000):
        assert "charge_micros" in said_of(topics, other), other


def test_spans_of_a_row_that_is_not_in_force_at_their_time_are_found() -> None:
    topics = charged(BY_HOUR)
    index = place_of(topics, LEDGER.name, lambda entry: entry["kind"] == "charge")
    usage, *others = of_charge(topics)["lines"]
    night = {"rate_nanos": 10_000_000, "amount_nanos": 10_000_000}
    usage["spans"][0] |= night

    found = differences(altered(topics, LEDGER.name, index, {"lines": [usage, *others]}))

    assert "spans" in {each.field for each in found if each.proof == "charges"}


def drawn(chance: Random) -> bytes:
    """Draw a deck of one prefix, mostly with bands or tiers; its fees, increments, callers and dates by chance."""
    rows: list[Cells] = []
    for origin in chance.choice(ORIGINS):
        for calendar in ("", *chance.choice(((), ("fair",), ("fair", "feast")))):
            where = {"prefix": "33", "country": "FR", "number_type": "mobile"}
            slot = where | {"origin_prefix": origin, "calendar": calendar}
            rows += [
                slot | each
                for each in slots(chance, (*BANDS[2:], *WEEKS), (*TIERS, (0, 3), (0, 7, 64)))
            ]
    return sheet_of(rows)


WEEKS = (
    (("22:00:30", "06:15"), ("06:15", "22:00:30")),
    (("18:00", "24:00"), ("00:00", "18:00")),
    (("", ""),),
)
CALLERS = (None, "+12065550100", "+33142685300", "anonymous", "+1206555****")
EDGES_S = (0, 30 * 60, 12 * 3_600, 8 * 3_600, 20 * 3_600, 22 * 3_600 + 30, 6 * 3_600 + 900)
ZONES_S = (0, -3_600, -7_200, 5 * 3_600, 4 * 3_600)
"""How far behind UTC the clocks of TERMS are, at one time of the year or another."""
SEEDS = range(60)


def told(seed: int) -> HonestWorker:
    """Return a worker after some calls over borders, one or two a month, each month with a pool of its own."""
    chance = Random(seed)
    pool_s, unit_s = chance.choice((1, 5, 58, 59, 60, 61, 130)), chance.choice((1, 1, 7, 60))
    worker = worker_of(drawn(chance), max(pool_s, unit_s), unit_s, chance.choice(TERMS))
    for number in range(8):
        day_ms = worker.now_ms // DAY_MS * DAY_MS
        edge_ms = day_ms + 1_000 * (chance.choice(EDGES_S) + chance.choice(ZONES_S))
        caller = chance.choice(CALLERS)
        for call in range(chance.choice((1, 2))):
            seconds = chance.choice((6, 7, 60, 61, 66, 120, 150, 151, 700, 50_000))
            worker.call(
                "acme",
                f"c{number}-{call}",
                billsec=seconds,
                ended_ms=edge_ms - DAY_MS + chance.randrange(-500, seconds * 1_000 + 500),
                usage_country="FR",
                **({} if caller is None else {"from": caller}),
            )
        worker.work()
        worker.pass_time(30 * DAY_MS + chance.randint(0, DAY_MS))
    return worker


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_bands_and_tiers_there_are_the_rest_is_reckoned_alike(seed: int) -> None:
    assert differences(dict(told(seed).topics)) == []


def test_such_calls_are_capped_and_go_over_borders() -> None:
    """Method: what this proves is worth as much as what happens in it."""
    found: Counter[str] = Counter()
    for seed in SEEDS[:30]:
        for _, each in told(seed).topics[LEDGER.name]:
            lines = json.loads(each.value or b"").get("lines", [])
            spans = [span for line in lines for span in line.get("spans", [])]
            if spans and any(line["kind"] == "pool" for line in lines):
                owed = sum(
                    line["rate_nanos"] * line.get("quantity", 1)
                    for line in lines
                    if "fee" in line["kind"]
                )
                asked = sum(span["amount_nanos"] for span in spans) + owed
                got = sum(line["amount_micros"] for line in lines)
                found["rest"] += 1
                found["over a border"] += len(spans) > 1
                found["capped"] += 1_000 * got < asked - 10_000_000

    assert min(found[each] for each in ("rest", "over a border", "capped")) > 15, found
