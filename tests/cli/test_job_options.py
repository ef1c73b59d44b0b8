"""A job that finds nothing ends with 1 where something was meant, and with 0 where all may be done already."""

from typing import Any

import click
import pytest

from rater.cli.job_options import refuse_nothing
from rater.cli.told import Told
from rater.shell.dead_letters.selection import Selection as Letters
from rater.shell.recycling.selection import Selection as Calls
from rater.shell.rerating.selection import Selection as Charges

ALL = (Letters(), Calls(), Charges())
SOME = (
    *(Letters(tenant="acme"), Calls(tenant="acme"), Letters(found=("not_json",))),
    *(Charges(tenants=frozenset(("acme",))), Charges(deck="sample"), Charges(until_ms=0)),
)


@pytest.mark.parametrize("selection", SOME, ids=repr)
def test_what_matches_nothing_ends_with_1(selection: Any) -> None:
    with pytest.raises(click.exceptions.Exit) as ended:
        refuse_nothing(selection, Told(as_json=False).total)

    assert ended.value.exit_code == 1


@pytest.mark.parametrize("selection", ALL, ids=repr)
def test_all_of_nothing_is_done(selection: Any) -> None:
    refuse_nothing(selection, 0)


@pytest.mark.parametrize("selection", SOME, ids=repr)
def test_a_job_that_has_done_something_before_may_find_that_all_is_done(
    selection: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    told = Told(as_json=False)
    told.done_before = 1_500
    refuse_nothing(selection, told.total)
    told.end("job j1", "nothing waits")

    assert capsys.readouterr().out == "job j1: nothing waits; done before 1,500\n"


def test_what_was_told_of_something_is_not_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(as_json=False)
    told.say({}, "acme c1", "charged", "")
    refuse_nothing(SOME[0], told.total)

    assert "charged" in capsys.readouterr().out
