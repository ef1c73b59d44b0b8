"""Whatever plans there are, whoever holds them and whoever calls: what pools pay, the reconciler reckons alike."""

import json
from collections import Counter
from random import Random
from typing import Any

import pytest

from rater.core.pricing.plans.catalog import Catalog
from rater.wire.plans.plan_records import decode_catalog, encode_catalog
from tests.plan_build import NORTH_AMERICA, US_PR, allowance, plan, record
from tests.reconcile.honest_worker import DAY_MS, START_MS, HonestWorker, at
from tests.reconcile.tampering import differences
from topics import catalog
from topics.records import CountryZone, FundingChain, Plan, PlanCatalog
from topics.records.plans import MinutePrice

HOUR_MS = 3_600_000
POOLS = ("near", "far")
ZONES = (NORTH_AMERICA, CountryZone("europe", ("FR", "GB")))
COUNTRIES = ("US", "PR", "FR")
PLANS = ("ONE", "TWO")
NUMBERS = (
    *("+12065550100", "+33142685300", "+33612345678", "+442079460034", "+4420794600**"),
    # Premium by itself; the row of the deck, 44, calls it a landline.
    "+448451234567",
)
PAUSES_MS = (1_000, HOUR_MS, DAY_MS, 12 * DAY_MS, 31 * DAY_MS)
SHARES: tuple[dict[str, Any], ...] = (
    {"per": "licence"},
    {"per": "licence", "pooled_by": "account"},
    {"per": "account"},
    {"per": "user"},
)
PRICES = (
    (),
    (),
    (),
    (MinutePrice("EUR", 1),),
    (MinutePrice("USD", 7_001, 20_000),),
    (MinutePrice("EUR", 1), MinutePrice("USD", 100)),
    (MinutePrice("USD", 0, 5_000),),
)
USERS = ("ann", "bob")
TIME_ZONES = ("UTC", "Asia/Tokyo", "America/Los_Angeles")
ERA_MS = 3 * DAY_MS
"""After it nothing is corrected: what a worker has forgotten may be another call's."""
SEEDS = range(60)


def drawn_plan(chance: Random, plan_id: str) -> Plan:
    """Draw a plan; allowances of one pool share alike, for they may be tied."""
    shares = {name: chance.choice((*SHARES, SHARES[0])) for name in POOLS}
    allowances = [
        allowance(
            f"a{number}",
            pool=pool,
            seconds=chance.choice((59, 120, 200, 601, 3_600)),
            scope=chance.choice(("any", "any", "domestic", "international")),
            zones=chance.choice(((), (), ("north_america",), ("europe",))),
            usage_zones=chance.choice(((), (), ("north_america",), ("europe",))),
            number_types=chance.choice(((), (), ("Landline",), ("mobile", "mixed"))),
            call_types=chance.choice(((), (), ("user_out",))),
            rank=chance.randint(0, 2),
            prices=chance.choice(PRICES),
            **shares[pool],
        )
        for number, pool in enumerate(chance.choices(POOLS, k=chance.randint(1, 4)))
    ]
    ends = chance.choice(("independent", "whichever_first"))
    return plan(plan_id, *allowances, unit_s=chance.choice((1, 7, 60)), exhaustion=ends)


def drawn_catalog(chance: Random, version: int, since_ms: int) -> PlanCatalog:
    """Draw a catalog that a worker takes."""
    plans = [drawn_plan(chance, each) for each in PLANS]
    named = sorted({each.pool for one in plans for each in one.allowances})
    chains = tuple(
        FundingChain(each, (*chance.sample(named, chance.randint(1, len(named))), "credits"))
        for each in ("*", "user_out")
        if chance.random() < 0.8
    )
    drawn = record(
        *plans,
        version=version,
        valid_from=at(since_ms),
        zones=ZONES,
        sharing_groups=chance.choice(((), (US_PR,))),
        chains=chains,
        unpooled_number_types=(chance.choice(("premium", "mobile")),),
        unpooled_prefixes=chance.choice(((), ("+44207946",), ("+442079460034",))),
    )
    _, value = encode_catalog(Catalog(since_ms, drawn))
    assert isinstance(decode_catalog(value), Catalog)
    return drawn


def told(seed: int) -> HonestWorker:
    """Return a worker after a history of one account."""
    chance = Random(seed)
    days = chance.choice((0, 2))
    worker = HonestWorker(
        corrections=True,
        plans=drawn_catalog(chance, 1, START_MS - 60 * DAY_MS),
        plans_later=(drawn_catalog(chance, 2, START_MS + days * DAY_MS),),
    )
    # It is known for long when the first call comes.
    worker.now_ms += 2 * HOUR_MS
    zone = chance.choice(TIME_ZONES)
    worker.command("acme", "open_account", currency="USD", decks=["acs"], time_zone=zone)
    worker.fund("acme", "A", 30_000_000)
    entitle(worker, chance, [(each, land) for each in PLANS for land in COUNTRIES], -30)
    for name in USERS:
        hire(worker, chance, name, -30)
    worker.work()
    size = chance.choice((1, 3, 50))
    for number in range(60):
        happen(worker, chance, number)
        if not chance.randrange(size):
            worker.work(size)
    worker.work(size)
    return worker


def entitle(
    worker: HonestWorker, chance: Random, named: list[tuple[str, str]], days: int | None
) -> None:
    rows = [
        {"plan_id": each, "usage_country": country, "licences": chance.choice((0, 1, 1, 2))}
        for each, country in named
    ]
    since = {} if days is None else {"valid_from": at(worker.now_ms + days * DAY_MS)}
    worker.command("acme", "set_entitlements", entitlements=rows, **since)


def hire(worker: HonestWorker, chance: Random, user_id: str, days: int | None) -> None:
    """Say what a user holds, and whether money may pay its calls."""
    since = {} if days is None else {"valid_from": at(worker.now_ms + days * DAY_MS)}
    worker.command(
        "acme",
        "set_user",
        user_id=user_id,
        usage_country=chance.choice(COUNTRIES),
        plan_ids=chance.sample(PLANS, chance.choice((0, 1, 2, 2, 2))),
        credits_licence=chance.random() < 0.7,
        **since,
    )


def happen(worker: HonestWorker, chance: Random, number: int) -> None:
    """Let time pass, licences change, or a call be made, corrected or voided."""
    match chance.choice(("call",) * 8 + ("again",) * 3 + ("entitle", "pass", "hire", "zone")):
        case "pass":
            worker.work()
            worker.pass_time(chance.choice(PAUSES_MS))
        case "entitle":
            named = (chance.choice(PLANS), chance.choice(COUNTRIES))
            entitle(worker, chance, [named], chance.choice((None, -20, -1, 0, 1)))
        case "zone":
            worker.command("acme", "set_time_zone", time_zone=chance.choice(TIME_ZONES))
        case "hire":
            hire(worker, chance, chance.choice(USERS), chance.choice((None, -20, -1, 0, 1)))
            calls = chance.choice(("charge", "suspend", "waive"))
            worker.command("acme", "set_unlicensed_calls", calls=calls)
        case "call":
            call(worker, chance, f"c{number}-{worker.now_ms // ERA_MS}")
        case _:
            kind = chance.choice(("correction", "correction", "void"))
            cdr_id = f"c{chance.randint(max(0, number - 9), number)}-{worker.now_ms // ERA_MS}"
            call(worker, chance, cdr_id, kind, number + 2)


def call(
    worker: HonestWorker, chance: Random, cdr_id: str, kind: str = "final", version: int = 1
) -> None:
    ages_ms = (0, 1_000, 8 * HOUR_MS, DAY_MS, 3 * DAY_MS)
    worker.now_ms += 1_000
    country = chance.choice((None, *COUNTRIES))
    who = chance.choice((None, None, "eve", *USERS))
    named = {"usage_country": country, "user_id": who}
    worker.call(
        "acme",
        cdr_id,
        chance.choice(NUMBERS),
        billsec=chance.choice((0, 1, 60, 61, 150, 700)),
        call_type=chance.choice(("user_out", "user_out", "conf_out")),
        ended_ms=worker.now_ms - chance.choice(ages_ms),
        kind=kind,
        version=version,
        **{name: value for name, value in named.items() if value is not None},
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_pools_pay_what_the_reconciler_reckons(seed: int) -> None:
    topics = dict(told(seed).topics)

    assert differences(topics) == []


def test_such_histories_draw_on_pools() -> None:
    """Method: what this proves is worth as much as what happens in it."""
    kinds: Counter[str] = Counter()
    for seed in SEEDS[:30]:
        for _, each in told(seed).topics[catalog.LEDGER.name]:
            entry = json.loads(each.value or b"")
            drawn = [d for d in entry.get("draws", []) if d.get("source") == "pool"]
            if drawn:
                kinds["split" if entry["charge_micros"] else "whole"] += 1
                kinds["two" if len(drawn) > 1 else "one"] += 1
            elif entry.get("outcome") == "rated":
                kinds["money"] += 1
            kinds["own"] += any("/user=" in d["id"] for d in drawn)
            if any(d.get("source") == "pool" for d in entry.get("returns", [])):
                kinds["given back"] += 1

    asked = ("split", "whole", "two", "one", "own", "money", "given back")
    assert min(kinds[each] for each in asked) > 4, kinds
