"""An option that is given twice is refused by every command, and whoever gave it is told."""

from collections.abc import Iterable, Iterator

import click
import pytest
from click.testing import CliRunner

from rater.__main__ import cli
from rater.cli.once import once


def leaves(command: click.Command, *names: str) -> Iterator[tuple[str, ...]]:
    """Yield each command by the words that call it."""
    if not isinstance(command, click.Group):
        yield names
        return
    ctx = click.Context(command)
    for name in command.list_commands(ctx):
        found = command.get_command(ctx, name)
        assert found is not None
        yield from leaves(found, *names, name)


COMMANDS = list(leaves(cli))


def command_of(words: Iterable[str]) -> click.Command:
    """Return the command that words name."""
    found: click.Command = cli
    for word in words:
        assert isinstance(found, click.Group)
        below = found.get_command(click.Context(found), word)
        assert below is not None
        found = below
    return found


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_takes_the_last_of_two(words: tuple[str, ...]) -> None:
    found = command_of(words)
    single = [
        each
        for each in found.params
        if isinstance(each, click.Option) and not (each.multiple or each.is_eager)
    ]
    for option in single:
        name = max(option.opts, key=len)
        given = [name] if option.is_flag else [name, "1"]
        done = CliRunner().invoke(cli, [*words, *given, *given])
        assert done.exit_code == 2, done.output
        assert f"{name} is given 2 times: it can be given once" in done.output


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("config check notifier --smtp-host a --smtp-host=b", "--smtp-host"),
        ("config show watch --kafka-check-hostname --no-kafka-check-hostname", "--kafka-check"),
        ("notifier --smtp-port 25 --smtp-port 26 webhook-key acme", "--smtp-port"),
    ],
)
def test_also_where_a_command_is_made_when_asked_for(words: str, named: str) -> None:
    done = CliRunner().invoke(cli, words.split())

    assert done.exit_code == 2
    assert f"Error: {named}" in done.output
    assert "2 times" in done.output


def test_lists_are_given_as_often_as_there_are_members() -> None:
    words = "config show notifier --webhook-deny 192.0.2.0/24 --webhook-deny 198.51.100.0/24"
    done = CliRunner().invoke(cli, words.split())

    assert done.exit_code == 0, done.output
    assert '["192.0.2.0/24", "198.51.100.0/24"]' in done.output


def test_a_command_asked_for_twice_checks_once() -> None:
    @click.command
    @click.option("--name")
    def command(name: str) -> None:
        click.echo(name)

    once(once(command))

    assert CliRunner().invoke(command, ["--name", "a"]).output == "a\n"
    assert CliRunner().invoke(command, ["--name", "a", "--name", "b"]).exit_code == 2
