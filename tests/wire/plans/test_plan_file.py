"""Plan file: TOML by ids, and the record that it makes."""

from typing import Any

import pytest

from rater.wire.plans.plan_file import PlanFileError, people_path, read_plan_file

FILE = """
unpooled_number_types = ["premium"]
[zones]
north = ["US", "CA"]
[sharing_groups]
us_pr = ["US", "PR"]
[chains.out]
user_out = ["bundle", "credits"]
"*" = ["credits"]
[chains.in]
conf_in = ["credits"]
[plans.LATER]
name = "Later"
allowances = {}
[plans.FIRST]
name = "First"
[plans.FIRST.allowances.domestic]
pool = "bundle"
minutes = 3000
[plans.FIRST.allowances.rest]
pool = "bundle"
seconds = 90
"""


def test_tables_become_lists_in_the_order_of_the_file() -> None:
    assert read_plan_file(FILE.encode()) == {
        "unpooled_number_types": ["premium"],
        "zones": [{"zone_id": "north", "countries": ["US", "CA"]}],
        "sharing_groups": [{"group_id": "us_pr", "countries": ["US", "PR"]}],
        "chains": [
            {"call_type": "user_out", "sources": ["bundle", "credits"], "direction": "out"},
            {"call_type": "*", "sources": ["credits"], "direction": "out"},
            {"call_type": "conf_in", "sources": ["credits"], "direction": "in"},
        ],
        "plans": [
            {"plan_id": "LATER", "name": "Later", "allowances": []},
            {
                "plan_id": "FIRST",
                "name": "First",
                "allowances": [
                    {"allowance_id": "domestic", "pool": "bundle", "seconds": 180_000},
                    {"allowance_id": "rest", "pool": "bundle", "seconds": 90},
                ],
            },
        ],
    }


def test_windows_and_a_byte_order_mark_make_no_difference() -> None:
    windows = b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode()

    assert read_plan_file(windows) == read_plan_file(FILE.encode())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[plans", "not TOML: "),
        ("a = 1\na = 2", "not TOML: Cannot overwrite a value"),
        ("a = " + "[" * 5_000, "not TOML: "),
        ("plans = 3", "plans: must be a table, found 3"),
        ('zones = ["FR"]', 'zones: must be a table, found ["FR"]'),
        ("[chains]\nout = 1", "chains.out: must be a table, found 1"),
        ("[plans]\nP = 1", "plans.P: must be a table, found 1"),
        ("[plans.P]\nplan_id = 'Q'", "plans.P.plan_id: must be left out: the table is named by it"),
        ("[plans.P]\nallowances = []", "plans.P.allowances: must be a table, found []"),
        ("[plans.P.allowances]\na = 5", "plans.P.allowances.a: must be a table, found 5"),
        (
            "[plans.P.allowances.a]\nminutes = 1\nseconds = 60",
            "plans.P.allowances.a.minutes: must not stand beside seconds, found 1",
        ),
        (
            "[plans.P.allowances.a]\nminutes = 1.5",
            "plans.P.allowances.a.minutes: must be an integer, found 1.5",
        ),
        (
            "[plans.P.allowances.a]\nminutes = 0",
            "plans.P.allowances.a.minutes: must be at least 1, found 0",
        ),
        (
            "[plans.P.allowances.a]\nminutes = 15000001",
            "plans.P.allowances.a.minutes: must be at most 15000000, found 15000001",
        ),
        (
            "[plans.P.allowances.a]\nminutes = true",
            "plans.P.allowances.a.minutes: must be an integer, found true",
        ),
        (
            "[plans.P.allowances.a]\nminutes = 2026-01-01",
            (
                "plans.P.allowances.a.minutes: must be an integer, found 2026-01-01\n"
                "plans.P.allowances.a.minutes: must not be a date or a time, found 2026-01-01"
            ),
        ),
        (
            "[plans.P.allowances.a]\npool = 'x'",
            "plans.P.allowances.a.minutes: is missing, and so is seconds",
        ),
        (
            "[zones]\nz = ['FR', 10:00:00]",
            "zones.z[1]: must not be a date or a time, found 10:00:00",
        ),
    ],
)
def test_what_has_not_the_shape_of_a_catalog_is_said(text: str, said: str) -> None:
    with pytest.raises(PlanFileError) as refused:
        read_plan_file(text.encode())

    assert str(refused.value).startswith(said)


def test_what_is_no_text_is_said() -> None:
    with pytest.raises(PlanFileError, match="not UTF-8 at byte 6"):
        read_plan_file(b"a = '\xff'")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("plans[1].allowances[0].seconds", "plans.FIRST.allowances.domestic.seconds"),
        ("plans[0].colour", "plans.LATER.colour"),
        ("zones[0].countries[1]", "zones.north[1]"),
        ("chains[2].sources", "chains.in.conf_in"),
        ("chains[2].sources[0]", "chains.in.conf_in[0]"),
        ("chains[2].call_type", "chains.in.conf_in"),
        ("chains[2].direction", "chains.in"),
        ("plans[0].plan_id", "plans.LATER"),
        ("plans[1].allowances[0].allowance_id", "plans.FIRST.allowances.domestic"),
        ("zones[0].zone_id", "zones.north"),
        ("unpooled_number_types[0]", "unpooled_number_types[0]"),
        ("version", "version"),
    ],
)
def test_a_path_is_said_by_ids(path: str, said: str) -> None:
    fields: dict[str, Any] = read_plan_file(FILE.encode())

    assert people_path(path, fields) == said
