"""Pools: the load test's own account of what is used."""

import tomllib

from loadtest.allowances import Licences, PaidCall, PlanFile
from loadtest.pools import Pools

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
"""
CALL = PaidCall("out", "user_out", "FR", "FR", "mobile")
LAST_OF_MAY_S = 1_780_271_999
"""2026-05-31T23:59:59Z."""


def pools() -> Pools:
    return Pools(PlanFile(tomllib.loads(PLANS)), (Licences("P", "FR", 1),))


def test_pools_pay_whole_units_one_after_the_other() -> None:
    mine = pools()

    assert mine.draw(CALL, LAST_OF_MAY_S, 200) == 240
    assert mine.used_s == {"2026-05/P/short/FR": 120, "2026-05/P/long/FR": 120}


def test_what_pools_have_not_is_left() -> None:
    mine = pools()

    assert mine.draw(CALL, LAST_OF_MAY_S, 10_000) == 720
    assert mine.draw(CALL, LAST_OF_MAY_S, 10_000) == 0


def test_a_call_belongs_to_the_month_in_which_it_starts() -> None:
    mine = pools()
    mine.draw(CALL, LAST_OF_MAY_S, 10_000)

    assert mine.draw(CALL, LAST_OF_MAY_S + 1, 61) == 120
    assert mine.used_s["2026-06/P/short/FR"] == 120
