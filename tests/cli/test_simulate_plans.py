"""`rater simulate` with plan catalogs, of a file or among the lines: their pools pay, or what is wrong is named."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from tests.cli.test_simulate_recharge import CALLS, COMMANDS, CROSSED_MS, line, simulate, written
from tests.plan_build import record
from topics.catalog import LEDGER, RATE_PLANS

FILE = """\
unpooled_number_types = []
[chains.out]
user_out = ["minutes", "credits"]
[plans.SMALL]
name = "A minute"
[plans.SMALL.allowances.any]
pool = "minutes"
minutes = 1
"""


def plans(**fields: Any) -> dict[str, Any]:
    value = {**msgspec.to_builtins(record()), **fields}
    return {**line(RATE_PLANS.name, CROSSED_MS - 7_200_000, value), "key": str(value["version"])}


def order(command_id: str, **fields: Any) -> dict[str, Any]:
    value = {"command_id": command_id, "tenant_id": "acme", **fields}
    return line(COMMANDS, CROSSED_MS - 3_600_000, value)


def licence(plan_id: str) -> list[dict[str, Any]]:
    held = [{"plan_id": plan_id, "usage_country": "US", "licences": 1}]
    since = "2024-01-01T00:00:00Z"
    return [
        order("o1", type="open_account", currency="USD", decks=["acs"]),
        order("e1", type="set_entitlements", valid_from=since, entitlements=held),
    ]


def call() -> dict[str, Any]:
    """Return a call of 100 s, of which a pool of a minute pays one and money the other."""
    fields = {"cdr_id": "c1", "tenant_id": "acme", "direction": "out", "to": "+33612345678"}
    return line(
        CALLS,
        CROSSED_MS,
        {
            **fields,
            "started_at": "2024-01-10T09:00:00Z",
            "ended_at": "2024-01-10T09:01:40Z",
            "billsec": 100,
            "call_type": "user_out",
            "usage_country": "US",
        },
    )


def with_file(folder: Path, text: str, lines: Iterable[dict[str, Any]]) -> Any:
    path = folder / "plans.toml"
    path.write_text(text)
    return simulate(lines, "--plans", str(path))


def drawn(done: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    """Return what paid the charges."""
    entries = [out["value"] for out in written(done, LEDGER.name)]
    return [draw for entry in entries if entry["kind"] == "charge" for draw in entry["draws"]]


def test_pools_of_a_file_pay_and_money_the_rest(tmp_path: Path) -> None:
    done = with_file(tmp_path, FILE, [*licence("SMALL"), call()])

    # The deck's second minute: 0.125.
    assert drawn(done) == [
        {"source": "pool", "id": "2024-01/SMALL/any/US", "quantity": 60},
        {"source": "shortfall", "amount_micros": 125_000},
    ]


def test_without_plans_money_pays_all() -> None:
    assert drawn(simulate([*licence("SMALL"), call()])) == [
        {"source": "shortfall", "amount_micros": 250_000}
    ]


def test_pools_of_a_catalog_among_the_lines_pay() -> None:
    early = {"valid_from": "2024-01-01T00:00:00Z"}
    done = simulate([plans(**early), plans(**early), *licence("BOTH"), call()])

    assert drawn(done) == [
        {"source": "pool", "id": "2024-01/BOTH/international/us_pr", "quantity": 120}
    ]


def test_a_catalog_that_cannot_be_used_ends_the_run_and_says_where() -> None:
    done = simulate([plans(), plans(version=2, zones=[])])

    assert done.returncode == 1
    assert ":2: plans.BOTH.allowances.domestic.usage_zones: must be a zone" in done.stderr


def test_the_file_is_version_1_and_another_must_be_a_later_one(tmp_path: Path) -> None:
    early = {"valid_from": "2024-01-01T00:00:00Z"}
    again = with_file(tmp_path, FILE, [plans(**early)])
    later = with_file(tmp_path, FILE, [plans(version=2, **early), *licence("SMALL"), call()])

    assert again.returncode == 1
    assert ":1: version: 1 is known with other content" in again.stderr
    assert [draw["source"] for draw in drawn(later)] == ["shortfall"]


def test_faults_of_the_file_are_named_with_file_and_field(tmp_path: Path) -> None:
    wrong = FILE.replace("minutes = 1", "minutes = 0").replace("credits", "money")
    done = with_file(tmp_path, wrong, [])
    missing = simulate([], "--plans", str(tmp_path / "nowhere.toml"))

    assert (done.returncode, done.stdout) == (2, "")
    said = f"{tmp_path}/plans.toml: plans.SMALL.allowances.any.minutes: must be at least 1, found 0"
    assert said in done.stderr
    assert missing.returncode == 2
    assert "nowhere.toml: No such file or directory" in missing.stderr


def test_a_plan_in_no_catalog_is_warned_of_with_tenant_and_command(tmp_path: Path) -> None:
    user = order("u1", type="set_user", user_id="ann", usage_country="US", plan_ids=["TEEM", "X"])
    told = with_file(tmp_path, FILE, [*licence("TEEM"), user])
    known = with_file(tmp_path, FILE, licence("SMALL"))

    assert told.stderr.splitlines() == [
        "warning: acme: in no plan catalog: TEEM (command e1)",
        "warning: acme: in no plan catalog: TEEM, X (command u1)",
    ]
    assert known.stderr == ""


def test_a_users_plan_without_a_licence_in_the_users_country_is_warned_of(tmp_path: Path) -> None:
    def user(country: str, *plan_ids: str) -> dict[str, Any]:
        fields = {"user_id": "ann", "usage_country": country, "plan_ids": plan_ids}
        return order("u1", type="set_user", **fields)

    told = with_file(tmp_path, FILE, [*licence("SMALL"), user("FR", "SMALL", "X")])
    known = with_file(tmp_path, FILE, [*licence("SMALL"), user("US", "SMALL")])

    assert told.stderr.splitlines() == [
        "warning: acme: in no plan catalog: X (command u1)",
        "warning: acme: no licence of SMALL in FR, where user ann has it (command u1)",
    ]
    assert known.stderr == ""
