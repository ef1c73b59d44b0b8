"""Numbers in text are read in one place, and strictly: options, variables, queries, programs of ours."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from rater.__main__ import cli
from rater.cli.numbers import Number, WholeNumber
from rater.shell.gateway.settings import ProcessSettings
from rater.shell.process.settings.reading import WrongSettingsError, read
from rater.wire.authorisation.questions import BadRequest, read_question
from topics.numerals import decimal_number, whole_number

ODD = (
    "",
    " 1",
    "1 ",
    "1_0",
    "\uff11\uff10",
    "+1",
    "0x1",
    "1\n",
    "nan",
    "inf",
    "1" * 5_000,
    "1.",
    "true",
)
ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("text", [*ODD, "1.0", "1e1"])
def test_a_text_that_python_would_take_is_no_whole_number(text: str) -> None:
    with pytest.raises(ValueError, match="must be a whole number, found"):
        whole_number(text)


@pytest.mark.parametrize("text", [*ODD, "1e999", ".5"])
def test_a_text_that_python_would_take_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number, found"):
        decimal_number(text)


@pytest.mark.parametrize("kind", [WholeNumber(0, 99), Number(0.0, 99.0)])
@pytest.mark.parametrize("text", ODD[1:])
def test_an_option_says_what_it_must_be(kind: click.ParamType, text: str) -> None:
    @click.command()
    @click.option("--count", type=kind, default=7)
    def command(count: float) -> None:
        click.echo(f"{count:g}")

    said = CliRunner().invoke(command, ["--count", text])

    assert said.exit_code == 2
    assert "Invalid value for '--count': must be a " in said.stderr
    assert CliRunner().invoke(command, ["--count", "12"]).stdout == "12\n"
    assert CliRunner().invoke(command, []).stdout == "7\n"


@pytest.mark.parametrize(
    "words",
    [
        ("topics", "read", "cdr.raw.v1", "--limit", "1_0"),
        ("topics", "create", "--partitions", "\uff11\uff16"),
        ("plan", "load", "x.toml", "--valid-from", "2026-01-01T00:00:00Z", "--version", "1_0"),
        ("authorise", "--tenant", "acme", "--to", "112", "--longest", " 60"),
        ("produce", "cdr.raw.v1", "--wait-timeout", "nan"),
        ("watch", "--once", "--max-lag-seconds", "nan"),
        ("worker", "charging", "--metrics-port", "9_464"),
    ],
)
def test_commands_ask_there(words: tuple[str, ...]) -> None:
    said = CliRunner().invoke(cli, words)

    assert (said.exit_code, "Traceback" in said.output) == (2, False), said.output
    assert re.search(r"must be a (whole )?number, found ", said.stderr), said.stderr


@pytest.mark.parametrize("text", ["1_0", "nan", "\uff11\uff10"])
def test_a_variable_of_a_service_says_what_it_must_be(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("RATER_GATEWAY_BUDGET", text)

    with pytest.raises(WrongSettingsError) as wrong:
        read(ProcessSettings, {"provider": "simulator"})

    (fault,) = wrong.value.faults
    assert fault.startswith("RATER_GATEWAY_BUDGET must be a number from "), fault
    assert fault.endswith(f", found {text!r}"), fault


@pytest.mark.parametrize("variable", ["RATER_CLOCK_AHEAD_S", "RATER_FAILPOINT"])
def test_a_variable_of_tests_ends_a_service_in_a_line(variable: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rater", "worker", "charging"],
        env={**os.environ, variable: "before_commit:1_0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert done.stderr.startswith(f"rater: cannot be loaded: {variable}: ")


@pytest.mark.parametrize("text", ["1e1", "10.0", "1_0", "\uff11\uff10", "true"])
def test_a_query_of_a_switch_says_what_it_must_be(text: str) -> None:
    said = read_question({"tenant_id": "acme", "to": "112", "longest_s": text})

    assert said == BadRequest(f'longest_s: must be an integer, found "{text}"')


@pytest.mark.parametrize("folder", ["rater", "loadtest", "deploy"])
def test_no_option_is_read_by_python_s_own(folder: str) -> None:
    own = re.compile(r"type=(int|float)\b|click\.(IntRange|FloatRange)\(|click\.(INT|FLOAT)\b")
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*.py")
        if own.search(path.read_text(encoding="utf-8"))
    ]

    assert not found
