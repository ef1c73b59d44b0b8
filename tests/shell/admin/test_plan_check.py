"""Plan check: the samples that ship are without findings; faults are named as people know the fields."""

from importlib.resources import files

import pytest

from rater.core.pricing.plans.catalog import Catalog
from rater.core.pricing.plans.pools import PlanCall
from rater.shell.admin.plan_check import check_plans
from rater.wire.plans.plan_handbook import SAMPLES
from tests.plan_build import call

VALID_FROM = "2026-01-01T00:00:00Z"
HEAD = """
unpooled_number_types = ["premium"]
[chains.out]
user_out = ["bundle", "credits"]
[plans.P]
name = "P"
[plans.P.allowances.a]
pool = "bundle"
"""


def shipped(name: str) -> Catalog:
    checked = check_plans(files("rater").joinpath("data", name).read_bytes(), 1, VALID_FROM)
    assert checked.findings == []
    assert checked.catalog is not None
    return checked.catalog


OFFICE, RESELLER = map(shipped, SAMPLES)


def minutes(catalog: Catalog, plan_id: str, country: str, asked: PlanCall, **licences: int) -> list[int]:  # fmt: skip
    """Return the size in minutes of each pool that pays a call of somebody with a plan."""
    pools = catalog.pools([(plan_id, country)], asked)
    return [catalog.total_s(pool, licences or {country: 1}) // 60 for pool in pools]


def test_scenario_13_a_domestic_call_draws_on_the_domestic_pool() -> None:
    assert minutes(OFFICE, "MCOPSTN1", "US", call("US")) == [3_000]
    assert minutes(OFFICE, "MCOPSTN1", "GB", call("GB")) == [1_200]
    assert minutes(OFFICE, "MCOPSTN1", "US", call("FR")) == []


def test_scenarios_14_and_15_the_conference_pool_is_of_the_tenant_and_for_zone_a() -> None:
    held = {"US": 10, "GB": 100, "IN": 5}

    assert minutes(OFFICE, "MCOMEETADV", "IN", call("GB", "conf_out"), **held) == [6_900]
    assert minutes(OFFICE, "MCOMEETADV", "IN", call("ME", "conf_out"), **held) == []
    assert minutes(OFFICE, "MCOMEETADD", "IN", call("GB", "conf_out"), **held) == [6_900]
    assert minutes(OFFICE, "MCOMEETADV", "US", call("GB", "user_out"), **held) == []


def test_scenario_6_premium_is_in_no_pool_as_conference_dial_out_either() -> None:
    premium = call("GB", "conf_out", to="+449098765432", number_type="premium")

    assert minutes(OFFICE, "MCOMEETADV", "US", premium) == []


def test_scenarios_16_17_and_18_who_shares_a_pool() -> None:
    (alone,) = OFFICE.pools([("MCOPSTN8", "US")], call("US"))
    (small,) = OFFICE.pools([("MCOPSTN5", "GB")], call("GB"))
    (large,) = OFFICE.pools([("MCOPSTN1", "GB")], call("GB"))

    assert (alone.per, OFFICE.total_s(alone, {"US": 2})) == ("user", 120 * 60)
    assert (small.plan_id, OFFICE.total_s(small, {"GB": 10})) == ("MCOPSTN5", 1_200 * 60)
    assert (large.plan_id, OFFICE.total_s(large, {"GB": 1})) == ("MCOPSTN1", 1_200 * 60)
    assert minutes(OFFICE, "MCOPSTN1", "US", call("PR"), US=1, PR=1) == [6_000]


def test_after_the_conference_pool_comes_the_calling_plan() -> None:
    held = [("MCOPSTN1", "US"), ("MCOMEETADV", "US")]

    pools = OFFICE.pools(held, call("US", "conf_out"))
    assert [pool.source for pool in pools] == ["conference", "calling_plan"]
    assert OFFICE.chain("out", "conf_out") == ("conference", "calling_plan", "credits")


def test_a_plan_that_pays_as_one_goes_has_no_pools() -> None:
    assert OFFICE.knows("MCOPSTN_PAYG_1")
    assert minutes(OFFICE, "MCOPSTN_PAYG_1", "US", call("US")) == []


def test_the_reseller_gives_500_minutes_to_an_account_whatever_its_licences() -> None:
    asked = call("DE", None, to="+4930123456", number_type="landline")

    assert minutes(RESELLER, "NATIONAL_500", "DE", asked, DE=7) == [500]
    assert minutes(RESELLER, "NATIONAL_500", "DE", call("FR", None)) == []


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("plans = 1", "bad_file", "plans: must be a table, found 1"),
        ("", "bad_field", "plans: is missing"),
        (
            HEAD + "seconds = 0",
            "bad_field",
            "plans.P.allowances.a.seconds: must be at least 1, found 0",
        ),
        (
            HEAD + "minutes = 1\ncolour = 'red'",
            "bad_field",
            'plans.P.allowances.a.colour: is not a known field, found "red"',
        ),
        (
            HEAD + "minutes = 1\nrank = 1.0",
            "bad_field",
            "plans.P.allowances.a.rank: must be an integer, found 1.0",
        ),
        (
            HEAD.replace("user_out", "'*'").replace("out]", "up]") + "minutes = 1",
            "bad_field",
            'chains.up: must be one of out, in, found "up"',
        ),
        (
            HEAD + "minutes = 0",
            "bad_field",
            "plans.P.allowances.a.minutes: must be at least 1, found 0",
        ),
        (HEAD, "bad_field", "plans.P.allowances.a.minutes: is missing, and so is seconds"),
        (
            HEAD + "minutes = '1'",
            "bad_field",
            'plans.P.allowances.a.minutes: must be an integer, found "1"',
        ),
        (
            HEAD + "minutes = 1\nprices = [{currency = 'USD'}]",
            "bad_field",
            (
                "plans.P.allowances.a.prices: must ask something of a minute or of a call, "
                "found neither of USD"
            ),
        ),
        (
            HEAD + "minutes = 1\nper = 'user'\npooled_by = 'account'",
            "bad_field",
            (
                "plans.P.allowances.a.pooled_by: must be left out where `per` is user, "
                'found "account"'
            ),
        ),
        (
            HEAD + "minutes = 1\nprices = [{currency = 'usd', fee_micros = 1}]",
            "bad_field",
            (
                "plans.P.allowances.a.prices[0].currency: must be three capital letters, as in USD, "
                'found "usd"'
            ),
        ),
        (
            HEAD.replace("[plans.P]", "[zones]\nz = ['FR', 'de']\n[plans.P]") + "minutes = 1",
            "bad_field",
            'zones.z[1]: must be two capital letters, as in DE, found "de"',
        ),
        (
            HEAD + "minutes = 1\nzones = ['z']",
            "bad_name",
            ("plans.P.allowances.a.zones: must be a zone of the catalog, of which there is none, "
            'found "z"'),
        ),
    ],
)  # fmt: skip
def test_an_error_names_the_field_what_it_must_be_and_what_was_found(
    text: str, code: str, said: str
) -> None:
    checked = check_plans(text.encode(), 1, VALID_FROM)

    assert checked.catalog is None
    assert checked.errors == checked.findings
    assert (checked.errors[0].code, checked.errors[0].message) == (code, said)


def test_all_faults_of_form_are_found_at_once_whatever_they_are() -> None:
    text = """
unpooled_number_types = "premium"
colour = "red"
zones = ["FR"]
sharing_groups.us_pr = ["US", 2026-01-01]
[chains]
out = 1
[chains.in]
conf_in = ["credits", 7]
[plans]
NONE = 3
[plans.P]
name = 2026-01-01
plan_id = "Q"
unit_s = 0
[plans.P.allowances]
a = 5
[plans.P.allowances.b]
pool = "bundle"
minutes = "many"
per = "seat"
[plans.P.allowances.c]
minutes = 1
seconds = 0
[plans.P.allowances.d]
pool = "bundle"
"""
    checked = check_plans(text.encode(), 1, VALID_FROM)

    said = [(each.code, each.message.partition(":")[0]) for each in checked.errors]
    assert len(said) == len(set(said))
    assert said[:10] + sorted(said[10:]) == [
        ("bad_file", "zones"),
        ("bad_file", "chains.out"),
        ("bad_file", "plans.NONE"),
        ("bad_file", "plans.P.allowances.a"),
        ("bad_field", "plans.P.plan_id"),
        ("bad_field", "plans.P.allowances.b.minutes"),
        ("bad_field", "plans.P.allowances.c.minutes"),
        ("bad_field", "plans.P.allowances.d.minutes"),
        ("bad_field", "sharing_groups.us_pr[1]"),
        ("bad_field", "plans.P.name"),
        ("bad_field", "chains.in.conf_in[1]"),
        ("bad_field", "colour"),
        ("bad_field", "plans.P.allowances.b.per"),
        ("bad_field", "plans.P.allowances.c.pool"),
        ("bad_field", "plans.P.allowances.c.seconds"),
        ("bad_field", "plans.P.unit_s"),
        ("bad_field", "unpooled_number_types"),
    ]


def test_each_fault_of_a_file_is_an_error_of_its_own() -> None:
    text = HEAD.replace('["bundle", "credits"]', '["bundel"]') + "minutes = 1"
    checked = check_plans(text.encode(), 1, VALID_FROM)

    assert [each.message.partition(":")[0] for each in checked.errors] == ["chains.out.user_out"]
