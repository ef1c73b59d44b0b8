"""Allowances: the load test's own answer to which pools may pay a call."""

import tomllib
from typing import Any

import pytest

from loadtest.allowances import Licences, PaidCall, PlanFile, Source

HEAD = """
unpooled_number_types = ["premium"]
sharing_groups.us_pr = ["US", "PR"]
zones.north = ["SE", "FI"]
chains.out.user_out = ["calls", "credits"]
chains.out.conf_out = ["meetings", "calls", "credits"]
"""
CALL = PaidCall("out", "user_out", "US", "PR", "mobile")
HELD = (Licences("P", "US", 2), Licences("P", "PR", 3), Licences("P", "SE", 5))


def sources(text: str, call: PaidCall, held: tuple[Licences, ...] = HELD) -> list[Source]:
    return PlanFile(tomllib.loads(HEAD + text)).sources(held, call)


def allowance(name: str = "a", **fields: Any) -> str:
    given = {"pool": "calls", "minutes": 1, **fields}
    lines = [f"{field} = {value!r}" for field, value in given.items()]
    return "\n".join([f"[plans.P.allowances.{name}]", *lines, ""])


def test_licences_of_a_sharing_group_share_a_pool_and_are_domestic_to_each_other() -> None:
    domestic = allowance(scope="domestic")

    assert sources(domestic, CALL) == [Source("P/a/us_pr", 300, 60)]
    assert sources(domestic, CALL._replace(destination="SE")) == []


def test_a_call_type_is_one_in_any_letter_case() -> None:
    shouted = CALL._replace(call_type="USER_OUT")

    assert sources(allowance(call_types=["User_Out"]), shouted) == [Source("P/a/us_pr", 300, 60)]
    assert sources(allowance(call_types=["conf_out"]), shouted) == []


def test_licences_share_a_pool_of_all_the_account() -> None:
    assert sources(allowance(pooled_by="account"), CALL) == [Source("P/a", 600, 60)]
    assert sources(allowance(per="account"), CALL) == [Source("P/a", 60, 60)]


def test_licences_of_another_country_pay_nothing() -> None:
    assert sources(allowance(), CALL._replace(usage_country="DE")) == []


@pytest.mark.parametrize(
    ("fields", "call"),
    [
        ({"scope": "international"}, CALL),
        ({"zones": ["north"]}, CALL),
        ({"usage_zones": ["north"]}, CALL),
        ({"number_types": ["land-line"]}, CALL),
        ({"call_types": ["conf_out"]}, CALL),
        ({"pool": "meetings"}, CALL),
        ({}, CALL._replace(direction="in")),
        ({}, CALL._replace(call_type="user_out_transfer")),
        ({}, CALL._replace(destination="")),
        ({}, CALL._replace(number_type="Premium")),
        ({}, CALL._replace(own_type="Premium")),
    ],
)
def test_a_call_that_an_allowance_is_not_for_is_paid_by_none(
    fields: dict[str, Any], call: PaidCall
) -> None:
    assert sources(allowance(**fields), call) == []


def test_a_users_own_pool_is_that_of_one_licence_and_of_a_user_who_has_the_plan() -> None:
    text = allowance("own", per="user") + allowance()
    plans = PlanFile(tomllib.loads(HEAD + text))

    assert plans.sources(HELD, CALL, ("P",)) == [
        Source("P/own", 60, 60, is_own=True),
        Source("P/a/us_pr", 300, 60),
    ]
    assert plans.sources(HELD, CALL, ("Q",)) == []
    assert plans.sources(HELD, CALL) == [Source("P/a/us_pr", 300, 60)]


def test_the_chain_then_the_rank_then_the_file_say_what_goes_first() -> None:
    text = (
        allowance("late", rank=2)
        + allowance("first")
        + allowance("second")
        + allowance("meeting", pool="meetings", rank=9)
    )
    found = sources(text, CALL._replace(call_type="conf_out"))

    names = ["P/meeting/us_pr", "P/first/us_pr", "P/second/us_pr", "P/late/us_pr"]
    assert [each.name for each in found] == names


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (allowance(price="0.1"), "plans.P.allowances.a.price: the load test does not know it"),
        ("[plans.P]\nexhaustion = 'whichever_first'\n" + allowance(), "plans.P.exhaustion: "),
    ],
)
def test_an_allowance_that_the_load_test_does_not_know_is_refused(
    text: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        sources(text, CALL)


def test_the_plans_of_the_load_test_are_known_to_it() -> None:
    held = (Licences("OFFICE", "SE", 2), Licences("MEETING", "SE", 1), Licences("TRUNK", "SE", 1))
    plans = PlanFile.read()
    conference = PaidCall("out", "conf_out", "SE", "FR", "mobile")

    assert plans.sources(held, conference) == [
        Source("MEETING/dial_out", 600, 30),
        Source("OFFICE/abroad/SE", 3_600, 60),
        Source("OFFICE/european_mobiles/SE", 1_200, 60),
    ]
    toll_free = PaidCall("in", "conf_in", "SE", "SE", "toll_free")
    assert plans.sources(held, toll_free) == [Source("TRUNK/toll_free", 300, 1)]
