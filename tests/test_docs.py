"""Documents are held to the code: what is generated is fresh; links, paths and numbers lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

from deploy.reference import committed, decision_index
from rater.shell.gateway.providers.simulator import script

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SOURCES = sorted(
    path
    for folder in ("rater", "topics", "loadtest", "deploy", "tests")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".txt", ".md")
)
_NUMBER = re.compile(r"\b([DAIR])([1-9]\d?)\b")
_SCENARIO = re.compile(r"\bscenarios? (\d+)(?:-(\d+))?", re.IGNORECASE)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_committed_pages_are_fresh() -> None:
    """When this fails: `make schemas`, or RATER_INTERPRETED=1 python -m deploy.reference.committed --write."""
    assert [] == committed.stale()


def defined() -> set[str]:
    """Return the numbers that the project defines: decisions, the rules they carry out, invariants."""
    decisions = decision_index.decisions()
    invariants = (ROOT / "docs" / "explanation" / "invariants.md").read_text()
    rules = {rule for each in decisions for rule in re.findall(r"R\d+", each.rule)}
    return {each.number for each in decisions} | rules | set(re.findall(r"\*\*(I\d+)\*\*", invariants))  # fmt: skip


def scenarios() -> set[int]:
    page = (ROOT / "docs" / "explanation" / "scenarios.md").read_text()
    return {int(number) for number in re.findall(r"(?m)^\| (\d+)[a-z]? \|", page)}


def prose(path: Path) -> Iterator[str]:
    """Yield what people read of a file: of a module its comments and texts, of others every line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from text.splitlines()
        return
    yield from re.findall(r"#.*", text)
    yield from re.findall(r'"""(.*?)"""', text, re.DOTALL)


def test_every_number_in_code_and_documents_is_defined() -> None:
    """When this fails: a decision has a file in docs/decisions, or names the rule that it carries out ("Rule: R7")."""
    known, cases = defined(), scenarios()
    unknown = set()
    for path in [*SOURCES, *PAGES]:
        if "scenarios/" in name_of(path) or "corpus/" in name_of(path):
            continue  # Stories name lots and calls L1, A, C1.
        for text in prose(path):
            unknown |= {
                (name_of(path), letter + number)
                for letter, number in _NUMBER.findall(text)
                if letter + number not in known
            }
            for first, last in _SCENARIO.findall(text):
                asked = range(int(first), int(last or first) + 1)
                unknown |= {(name_of(path), f"scenario {n}") for n in asked if n not in cases}

    assert sorted(unknown) == []


def test_a_number_that_is_defined_nowhere_is_found() -> None:
    known = defined()

    assert {"D1", "D17", "A1", "A34", "I1", "I15", "R13"} <= known
    assert not {"D18", "I16", "R99"} & known
    assert {1, 27, 48, 50} <= scenarios()
    assert 51 not in scenarios()


def test_decisions_are_numbered_without_gaps_and_superseded_by_what_is_there() -> None:
    found = decision_index.decisions()
    for letter in "DA":
        numbers = [int(each.number[1:]) for each in found if each.number[0] == letter]
        assert numbers == list(range(1, len(numbers) + 1))
    numbers_of_all = {each.number for each in found}
    for each in found:
        assert each.status == "accepted" or each.status.removeprefix("superseded by ") in numbers_of_all  # fmt: skip


def test_the_page_of_the_simulator_has_the_table_of_its_scripts() -> None:
    page = (ROOT / "docs" / "operating" / "simulator.md").read_text()
    marked = page.split(f"<!-- from: {name_of(Path(script.__file__ or ''))} -->\n")[1]
    body = marked.split("<!-- end -->")[0]
    docstring = script.__doc__ or ""

    assert body.strip() == docstring.split("\n\n", 1)[1].strip()


FOLDERS = ("deploy", "docs", "loadtest", "rater", "tests", "topics")
_FILE = re.compile(rf"(?<![\w/.-])((?:{'|'.join(FOLDERS)})/[\w/.-]+\.(?:csv|jsonl?|md|py|toml))\b")
_QUOTED = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w/.-]+)`")
MADE = {"rater/compiled.json"}
"""Files that a build makes."""


def test_every_path_that_code_and_documents_name_is_there() -> None:
    """A module moves, and what says where it is stays behind; the CHANGELOG alone speaks of what was."""
    sources = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.[pm][yd]")]
    sources += [path for path in ROOT.iterdir() if path.suffix in (".md", ".py", ".toml", ".yml")]
    named = {
        (name_of(file), path)
        for file in (*sources, ROOT / "Makefile")
        if file.name != "CHANGELOG.md"
        for pattern in (_FILE, _QUOTED)
        for path in pattern.findall(file.read_text())
    }

    assert len(named) > 150
    assert [] == sorted((f, p) for f, p in named if p not in MADE and not (ROOT / p).exists())
