"""A job that finds nothing ends with 1 where something was meant, and with 0 where all may be done already."""

from collections.abc import Mapping
from typing import Any

import click
import pytest

from rater.cli.job_options import refuse_nothing
from rater.cli.told import Told
from rater.shell.dead_letters.selection import Selection as Letters
from rater.shell.recycling.selection import Selection as Calls

ALL = (Letters(), Calls())
SOME = (Letters(tenant="acme"), Calls(tenant="acme"), Letters(found=("not_json",)))


@pytest.mark.parametrize("selection", SOME, ids=repr)
def test_what_matches_nothing_ends_with_1(selection: Any) -> None:
    with pytest.raises(click.exceptions.Exit) as ended:
        refuse_nothing(selection, {"job": None}, Told(as_json=False))

    assert ended.value.exit_code == 1


@pytest.mark.parametrize(
    ("selection", "given"),
    [*((each, {"job": None}) for each in ALL), *((each, {"job": "j1"}) for each in SOME)],
    ids=repr,
)
def test_all_of_nothing_is_done_and_so_is_a_job_that_goes_on(
    selection: Any, given: Mapping[str, Any]
) -> None:
    refuse_nothing(selection, given, Told(as_json=False))


def test_what_was_told_of_something_is_not_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(as_json=False)
    told.say({}, "acme c1", "charged", "")
    refuse_nothing(SOME[0], {"job": None}, told)

    assert "charged" in capsys.readouterr().out
