"""Lines that are no TOML: each is said, and none for what another makes of it."""

import time
from importlib.resources import files

import pytest

from rater.wire.plans.plan_handbook import SAMPLES
from rater.wire.plans.toml_faults import SAID_MAX, toml_faults

BAD = """\
types = [premium]
[chains.out
user_out = ["bundle", "credits"]
[plans.P]
name = P
[plans.P.allowances.a]
pool = "bundle
minutes = 1
[plans.P.allowances.a]
pool = "bundle"
minutes = 2
minutes = 3
just words
"""


def lines(text: str) -> list[int]:
    return [int(each.rpartition("at line ")[2].partition(",")[0]) for each in toml_faults(text)]


def test_every_bad_line_is_said_in_order() -> None:
    assert lines(BAD) == [1, 2, 5, 7, 9, 12]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_has_none(name: str) -> None:
    assert toml_faults(files("rater").joinpath("data", name).read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        'a = [\n  "x",\n  "y"\nb = 1\nc = 2\n[d]\ne = 3\n',
        'a = x [\n  "x",\n  "y",\n]\nb = 1\n',
        'a = """x\nb = 1\nc = 2\n',
        "a = {\nb = 1\n}\n",
        "a = " + "[" * 5_000,
        "a = [\nb = [\n1,\n]\n",
    ],
)
def test_what_one_fault_makes_of_other_lines_is_not_said(text: str) -> None:
    assert len(toml_faults(text)) == 1


def test_a_file_of_nothing_but_faults_ends() -> None:
    began = time.monotonic()

    assert len(toml_faults("a = x\n" * 10_000)) == SAID_MAX
    assert time.monotonic() - began < 10
