"""Ids with bytes that are no UTF-8 are refused by every command, with the option's name; files may have any name."""

import click
import pytest
from click.testing import CliRunner

from rater.__main__ import cli
from tests.cli.test_once import COMMANDS, command_of

BYTES = "caf\udce9"
TAKEN = [
    "explain {} --tenant acme",
    "explain c1 --tenant {}",
    "ledger {}",
    "ledger acme --cdr {}",
    "ledger acme --user {}",
    "calls {}",
    "statement {} --month 2026-03",
    "account show {}",
    "dead ls --tenant {}",
    "dead show --id {}",
    "dead drop --all --by {}",
    "dead drop --all --by ann --reason {}",
    "suspense show --cdr {}",
    "suspense show --to {}",
    "suspense recycle --tenant {} --by ann",
    "rerate --tenant {} --by ann --dry-run",
    "topics read ledger.entries.v1 --tenant {}",
    "authorise --tenant {} --to +33612345678 --call-type user_out",
]


@pytest.mark.parametrize("words", TAKEN)
def test_an_id_that_is_no_utf8_is_refused_in_a_line(words: str) -> None:
    done = CliRunner().invoke(cli, [each.format(BYTES) for each in words.split()])

    assert done.exit_code == 2, done.output
    assert isinstance(done.exception, SystemExit)
    assert r"must be UTF-8, found 'caf\udce9'" in " ".join(done.output.split())


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_option_of_any_command_ends_in_a_traceback(words: tuple[str, ...]) -> None:
    found = command_of(words)
    # A setting that a service would refuse is 1, what is no value of an option at all 2.
    of_service = words[:2] in {("config", "check"), ("config", "show")} and words[2:]
    codes = {1, 2} if of_service else {2}
    for option in found.params:
        if isinstance(option, click.Option) and not option.is_flag and not option.is_eager:
            name = max(option.opts, key=len)
            if isinstance(option.type, (click.Path, click.File)):
                continue
            done = CliRunner().invoke(cli, [*words, name, BYTES])
            assert done.exit_code in codes, (name, done.output)
            assert isinstance(done.exception, SystemExit), (name, done.exception)


def test_a_file_may_have_any_name() -> None:
    done = CliRunner().invoke(cli, ["deck", "lint", f"/nowhere/{BYTES}.csv"])

    assert "UTF-8" not in done.output
