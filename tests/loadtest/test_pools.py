"""Pools: the load test's own account of what is used."""

import tomllib

from loadtest.allowances import Licences, PaidCall, PlanFile
from loadtest.pools import Pools
from loadtest.users import User

PLANS = """
unpooled_number_types = []
chains.out."*" = ["short", "long", "credits"]
[plans.P]
unit_s = 60
[plans.P.allowances.short]
pool = "short"
seconds = 150
[plans.P.allowances.long]
pool = "long"
seconds = 600
[plans.OWN.allowances.own]
pool = "short"
seconds = 60
per = "user"
"""
CALL = PaidCall("out", "user_out", "FR", "FR", "mobile")
LAST_OF_MAY_S = 1_780_271_999
"""2026-05-31T23:59:59Z."""


ANN = User("acme", "ann", "FR", ("P", "OWN"), may_spend=True, limit_micros=0, from_s=0)


def pools() -> Pools:
    held = (Licences("P", "FR", 1), Licences("OWN", "FR", 9))
    return Pools(PlanFile(tomllib.loads(PLANS)), held)


def draw(mine: Pools, started_s: int, billsec: int, user: User | None = None) -> int:
    draws = mine.draws(CALL, started_s, billsec, user)
    mine.use(draws)
    return sum(draws.values())


def test_pools_pay_whole_units_one_after_the_other() -> None:
    mine = pools()

    assert draw(mine, LAST_OF_MAY_S, 200) == 240
    assert mine.used_s == {"2026-05/P/short/FR": 120, "2026-05/P/long/FR": 120}


def test_what_pools_would_pay_is_not_used_until_it_is_said() -> None:
    mine = pools()

    assert mine.draws(CALL, LAST_OF_MAY_S, 60) == {"2026-05/P/short/FR": 60}
    assert mine.used_s.total() == 0


def test_what_pools_have_not_is_left() -> None:
    mine = pools()

    assert draw(mine, LAST_OF_MAY_S, 10_000) == 720
    assert draw(mine, LAST_OF_MAY_S, 10_000) == 0


def test_a_call_belongs_to_the_month_in_which_it_starts() -> None:
    mine = pools()
    draw(mine, LAST_OF_MAY_S, 10_000)

    assert draw(mine, LAST_OF_MAY_S + 1, 61) == 120
    assert mine.used_s["2026-06/P/short/FR"] == 120


def test_each_user_has_its_own_pool_alone_and_shares_the_others() -> None:
    mine = pools()
    bob = ANN._replace(user_id="bob")

    assert draw(mine, LAST_OF_MAY_S, 10_000, ANN) == 780
    assert draw(mine, LAST_OF_MAY_S, 10_000, bob) == 60
    assert mine.used_s["2026-05/OWN/own/user=ann"] == mine.used_s["2026-05/OWN/own/user=bob"] == 60


def test_a_users_plans_decide_and_without_a_known_user_those_of_the_account() -> None:
    mine = pools()

    assert draw(mine, LAST_OF_MAY_S, 10_000, ANN._replace(plan_ids=("OWN",))) == 60
    assert draw(mine, LAST_OF_MAY_S, 10_000, ANN._replace(plan_ids=())) == 0
    assert draw(mine, LAST_OF_MAY_S, 10_000) == 720
