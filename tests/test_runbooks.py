"""Runbooks: one for each alert, of one form; the commands, queries, topics and metrics in them are there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from deploy.observe.groups import alerts
from deploy.observe.vocabulary import served
from rater.__main__ import cli
from tests.test_observe import faults
from topics.catalog import CATALOG

FOLDER = Path(__file__).parent.parent / "docs" / "operating" / "runbooks"
PAGES = sorted(FOLDER.iterdir())
NAMES = sorted({alert.name for alert in alerts()})
ELSEWHERE = {"curl", "echo", "grep", "head", "date"}
"""What else is typed."""
TOPICS = {topic.name for topic in CATALOG}

by_page = pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def typed(text: str) -> Iterator[list[str]]:
    """Yield the words of each command of a text; of a pipe, of each of its parts."""
    for block in blocks(text, "console"):
        for line in block.splitlines():
            assert line.startswith("$ "), line
            lexer = shlex.shlex(line[2:], posix=True, punctuation_chars="|")
            lexer.whitespace_split = True
            words: list[str] = []
            for word in [*lexer, "|"]:
                if word == "|":
                    yield words
                    words = []
                else:
                    words.append(word)


def parse(words: list[str]) -> None:
    """Have click read a command as it is typed, without running it; it raises what it would complain of."""
    command: click.Command = cli
    context: click.Context | None = None
    name, rest = words[0], words[1:]
    while isinstance(command, click.Group) and (rest or not command.invoke_without_command):
        context = click.Context(command, parent=context, info_name=name, **command.context_settings)
        if rest[0].startswith("-"):
            break
        name, rest = rest[0], rest[1:]
        child = command.get_command(context, name)
        assert child is not None, f"{' '.join(words)}: no command {name}"
        command = child
    command.make_context(name, list(rest), parent=context)


def test_one_alert_one_runbook() -> None:
    assert [page.stem for page in PAGES] == NAMES
    assert all(page.suffix == ".md" for page in PAGES)


@by_page
def test_a_runbook_has_its_four_parts(page: Path) -> None:
    text = page.read_text()
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)

    assert parts[0] == f"# {page.stem}\n\n"
    assert parts[1::2] == ["Meaning", "Impact", "Diagnosis", "Mitigation"]
    assert all(part.strip() for part in parts[2::2])
    assert "```console\n" in parts[6]
    assert text == "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


@by_page
def test_what_a_runbook_has_people_type_is_there(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    commands = [
        [word.replace("/N", "1") if word != "N" else "2" for word in words]
        for words in typed(page.read_text())
    ]
    for words in commands:
        assert words[0] == "rater" or words[0] in ELSEWHERE, words
        for word in words:
            if re.fullmatch(r"[A-Z]+\.(csv|toml|json)", word):
                Path(word).touch()
        if words[0] == "rater":
            parse(words)
        if words[:3] == ["rater", "topics", "read"]:
            assert words[3] in TOPICS


def test_what_is_not_there_is_found() -> None:
    with pytest.raises(click.NoSuchOption):
        parse(["rater", "reconcile", "--everything"])
    with pytest.raises(AssertionError, match="no command mend"):
        parse(["rater", "topics", "mend"])
    with pytest.raises(click.MissingParameter):
        parse(["rater", "topics", "read"])


@by_page
def test_what_a_runbook_asks_prometheus_is_served(page: Path) -> None:
    text, known = page.read_text(), served()
    queries = blocks(text, "promql")
    named = set(re.findall(r"`(rater_[a-z_]+)`", text))

    assert [] == [fault for query in queries for fault in faults(query.strip(), known)]
    assert named <= known.keys()
