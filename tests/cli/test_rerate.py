"""`rater rerate` before it meets a broker: what it refuses, what it shows, and that what is told of it can be typed."""

import shlex
from collections import Counter

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from rater.batch.charging.rerating_trial import Rerated
from rater.cli.rerate import _summary, _Told, rerate
from rater.cli.rerate_hint import tell_rerating
from rater.cli.rerate_shown import LARGEST, call_rows, fields_of, tenant_rows
from rater.core.account.charges import free_charge
from rater.shell.admin.answers import Answer
from rater.shell.rerating.found import Differs, Found
from tests.build import account, cdr, source
from topics.records.rerating import RerateCall

BY = ("--by", "ann")
ALL = ("--all", "--limit", "250.00", *BY)
SINCE, SINCE_MS = "2026-01-01T00:00:00Z", 1_767_225_600_000
CHARGE = free_charge(account(), cdr(), source(), "unanswered").entry


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--all", "--limit", "1"), "Missing option '--by'"),
        (("--limit", "1", *BY), "say which charges, or --all"),
        (("--deck-version", "2", "--limit", "1", *BY), "--deck-version: say of which --deck"),
        (("--deck-version", "0", *ALL), "Invalid value for '--deck-version': 0 is not in the"),
        (("--plan-version", "1_0", *ALL), "Invalid value for '--plan-version'"),
        (("--all", *BY), "--limit: say how much may be moved in all; --dry-run shows it"),
        (
            ("--all", *BY, "--limit", "-0.01"),
            "Invalid value for '--limit': must be an amount such as 250.00, found '-0.01': is below 0",
        ),
        (
            (*ALL, "--limit-tenant", "1e3"),
            "'--limit-tenant': must be an amount such as 250.00, found '1e3': is not a decimal number",
        ),
        ((*ALL, "--from", "yesterday"), "Invalid value for '--from': must be a time such as"),
        ((*ALL, "--until", "1999-01-01"), "Invalid value for '--until': must be a time such as"),
        ((*ALL, "--timeout", "nan"), "Invalid value for '--timeout'"),
        (("--all", "--limit", "1", "--by", "ann smith"), "--by: must be 1 to 128 characters"),
        ((*ALL, "--job", "x" * 65), "--job: must be 1 to 64 characters"),
        ((*ALL, "--reason", "x" * 1_001), "--reason: must have at most 1000 characters"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_option_before_anything_is_read(
    words: tuple[str, ...], said: str
) -> None:
    done = CliRunner().invoke(rerate, [*words, "--broker", "localhost:1"])

    assert done.exit_code in {1, 2}
    assert said in " ".join(done.output.split())


@pytest.mark.parametrize("selection", ["--all", "--deck sample"])
def test_what_is_told_of_a_version_that_is_dated_back_is_a_command_that_is_taken(
    selection: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_rerating(selection, SINCE)

    said = capsys.readouterr()
    words = shlex.split(said.err.partition("cost now: ")[2])
    assert (said.out, words[:2]) == ("", ["rater", "rerate"])
    given = rerate.make_context("rerate", words[2:]).params
    assert (given["from_ms"], given["dry_run"], given["by"]) == (SINCE_MS, True, "NAME")
    meant = {"--all": (True, None), "--deck sample": (False, "sample")}
    assert (given["is_all"], given["deck"]) == meant[selection]


def differs(tenant: str, number: int, after_micros: int, currency: str = "USD") -> Differs:
    """Make a charge of 1.00 that would cost something else."""
    charge = replace(CHARGE, tenant_id=tenant, cdr_id=f"c{number}", currency=currency)
    order = RerateCall(f"o{number}", tenant, charge.cdr_id, 1, charge.entry_id, 0, 0, "j1", "ann")
    return Differs(order, charge, Rerated("posted", 1_000_000, after_micros))


def test_differences_are_shown_of_each_tenant_and_of_all_by_currency_and_the_largest_calls() -> (
    None
):
    calls = [differs("beta", n, 1_000_000 + 10_000 * n) for n in range(1, LARGEST + 2)]
    found = Found(8, [*calls, differs("acme", 0, 500_000), differs("acme", 99, 1, "EUR")])

    assert list(tenant_rows(found)) == [
        ("acme", "1", "1.00 EUR", "0.000001 EUR", "-0.999999 EUR"),
        ("acme", "1", "1.00 USD", "0.50 USD", "-0.50 USD"),
        ("beta", "11", "11.00 USD", "11.66 USD", "0.66 USD"),
        ("all", "1", "1.00 EUR", "0.000001 EUR", "-0.999999 EUR"),
        ("all", "12", "12.00 USD", "12.16 USD", "0.16 USD"),
    ]
    shown = [row[1:3] for row in call_rows(found)]
    assert shown[:3] == [("acme", "c99"), ("acme", "c0"), ("beta", "c11")]
    assert len(shown) == LARGEST
    objects = list(fields_of(found))
    assert [each["what"] for each in objects] == ["tenant"] * 3 + ["call"] * LARGEST
    assert objects[1]["difference_micros"] == -500_000


@pytest.mark.parametrize(
    ("found", "total", "said"),
    [
        (Found(8), 0, "no charge that stands matches"),
        (Found(8, done=3), 3, "differ 0, done before 3"),
        (Found(8, unchanged=2), 2, "differ 0, the same 2"),
        (Found(8, refused=Counter(not_priced=1)), 1, "differ 0, not possible (not_priced) 1"),
        (Found(8, [differs("acme", 1, 1)], 1), 2, "differ 1, the same 1"),
    ],
    ids=["nothing", "done", "unchanged", "refused", "differs"],
)
def test_nothing_is_meant_only_where_no_charge_is_and_the_job_has_posted_none(
    found: Found, total: int, said: str
) -> None:
    assert found.total == total
    assert _summary(found, "job j1") == f"job j1: {said}"


@pytest.mark.parametrize("as_json", [False, True])
def test_people_are_told_what_went_wrong_and_programs_all(
    *, as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    told = _Told(as_json=as_json)
    one = differs("acme", 0, 500_000)
    told.answered(one, Answer("charged", ""))
    told.answered(one, None)

    lines = capsys.readouterr().out.splitlines()
    assert told.sums() == "no answer 1, posted 1"
    assert [("posted" in each, "no answer" in each) for each in lines] == (
        [(True, False), (True, True)] if as_json else [(False, True)]
    )
