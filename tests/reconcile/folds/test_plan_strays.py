"""Plans that are held and that no catalog has: no difference, but named, with who holds them."""

from typing import Any

from tests.plan_build import USER_OUT, allowance, plan, record
from tests.reconcile.honest_worker import DAY_MS, START_MS, HonestWorker, at
from tests.reconcile.tampering import verdict_on

CALLS = plan("CALLS", allowance("all", 660, zones=()))
SINCE = "2020-01-01T00:00:00Z"


def licence(plan_id: str, licences: int = 1) -> dict[str, Any]:
    return {"plan_id": plan_id, "usage_country": "US", "licences": licences}


def held(**told: Any) -> HonestWorker:
    worker = HonestWorker(**told)
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    ended = [licence("CALLS"), licence("GONE", 2), licence("ENDED", 3)]
    worker.command("acme", "set_entitlements", entitlements=ended, valid_from=SINCE)
    later = at(START_MS + DAY_MS)
    worker.command("acme", "set_entitlements", entitlements=[licence("ENDED", 0)], valid_from=later)
    for user_id in ("ann", "bob"):
        user = {"user_id": user_id, "usage_country": "US", "plan_ids": ["CALLS", "OTHER"]}
        worker.command("acme", "set_user", **user)
    worker.command("acme", "set_user", user_id="cid", usage_country="US", plan_ids=["NEVER"])
    worker.work()
    worker.now_ms += 1_000
    worker.command("acme", "set_user", user_id="cid", usage_country="US", plan_ids=[])
    worker.work()
    worker.flush()
    return worker


def test_a_plan_that_the_latest_catalog_does_not_have_is_named() -> None:
    plans = record(CALLS, valid_from=SINCE, chains=(USER_OUT,))
    verdict = verdict_on(dict(held(plans=plans).topics))

    assert verdict.is_clean
    assert verdict.strays == [
        "acme: plan GONE in US is not in plan catalog version 1; licences 2, entry 2",
        "acme: plan OTHER is not in plan catalog version 1; users 2: ann, bob",
    ]
    assert f"held, but in no catalog: {verdict.strays[0]}" in verdict.lines()
    assert verdict.as_dict()["strays"] == verdict.strays


def test_without_a_catalog_all_of_them_are() -> None:
    found = verdict_on(dict(held().topics)).strays

    assert [each.partition(" plan ")[2] for each in found] == [
        "CALLS in US is not in any plan catalog; licences 1, entry 2",
        "GONE in US is not in any plan catalog; licences 2, entry 2",
        "CALLS is not in any plan catalog; users 2: ann, bob",
        "OTHER is not in any plan catalog; users 2: ann, bob",
    ]


def test_of_many_users_the_first_few_are_named() -> None:
    worker = held()
    for user_id in ("gus", "eve", "dan", "fay"):
        worker.command("acme", "set_user", user_id=user_id, usage_country="US", plan_ids=["MANY"])
    worker.work()
    worker.flush()

    found = verdict_on(dict(worker.topics)).strays
    assert "acme: plan MANY is not in any plan catalog; users 4: dan, eve, fay, ..." in found
