"""Documents are held to the code: what is generated is fresh; links, paths and numbers lead somewhere."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from deploy.reference import committed, decision_index, metric_page, settings_page, site_hooks
from deploy.reference.commands import commands, load_commands, options
from rater.shell.gateway.providers.simulator import script
from topics.catalog import CATALOG

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


def run(*command: str) -> tuple[int, str]:
    environment = {**os.environ, "RATER_INTERPRETED": "1", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_the_committed_pages_are_fresh() -> None:
    """When this fails: `make schemas`, or RATER_INTERPRETED=1 python -m deploy.reference.committed --write."""
    assert [] == committed.stale()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    code, said = run("mkdocs", "build", "--site-dir", str(folder))

    assert code == 0, said
    return folder


def test_every_topic_with_each_of_its_records_has_a_page(site: Path) -> None:
    for topic in CATALOG:
        page = (site / "reference" / "topics" / f"{topic.name}.html").read_text()
        for record in topic.records:
            assert f'id="{record.__name__.lower()}"' in page


def test_a_page_fetches_nothing_from_elsewhere(site: Path) -> None:
    """No font, no program: readers are asked for by nobody but who serves the site."""
    fetched = re.compile(
        r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=\"?(?:https?:)?//[^>]*>"
    )
    pages = {path: path.read_text() for path in site.rglob("*.html")}

    assert len(pages) > 80
    assert [] == sorted({hit for text in pages.values() for hit in fetched.findall(text)})
    assert [] == [path for path, text in pages.items() if 'class="mermaid"' in text]


def test_a_broken_link_fails_the_site(tmp_path: Path) -> None:
    """The check of the check: one page with a link that leads nowhere, by the same rules."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# x\n\n[nowhere](nowhere.md) and [none](#none)\n")
    settings = (ROOT / "mkdocs.yml").read_text()
    kept = settings[: settings.index("hooks:")] + settings[settings.index("validation:") :]
    (tmp_path / "mkdocs.yml").write_text(kept[: kept.index("nav:\n  - Start")])
    code, said = run("mkdocs", "build", "-f", str(tmp_path / "mkdocs.yml"))

    assert code == 1
    assert "nowhere.md" in said
    assert "#none" in said


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


def test_every_name_that_the_glossary_gives_is_in_the_code() -> None:
    folders = [ROOT / folder for folder in ("rater", "topics", "loadtest")]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix != ".pyc"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files if path.suffix == ".py")
    places = "\n".join(name_of(path) for path in [*files, *ROOT.iterdir()])
    cells = [line.split(" | ")[2] for line in (ROOT / "GLOSSARY.md").read_text().splitlines()[6:]]
    names = {name.removesuffix("()") for each in cells for name in re.findall(r"`(.+?)`", each)}

    assert len(names) > 90
    assert [] == sorted(
        name
        for name in names
        if name not in places and not re.search(rf"\b{re.escape(name)}\b", text)
    )


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
    assert set(range(1, 51)) <= scenarios()
    assert 51 not in scenarios()


def test_decisions_are_numbered_without_gaps_and_superseded_by_what_is_there() -> None:
    found = decision_index.decisions()
    for letter in "DA":
        numbers = [int(each.number[1:]) for each in found if each.number[0] == letter]
        assert numbers == list(range(1, len(numbers) + 1))
    numbers_of_all = {each.number for each in found}
    for each in found:
        assert each.status == "accepted" or each.status.removeprefix("superseded by ") in numbers_of_all  # fmt: skip


def test_every_variable_that_the_code_names_is_described() -> None:
    page = settings_page.page()

    assert all(about for _, _, about in settings_page.described())
    assert sorted(name for name in settings_page.named() if f"`{name}`" not in page) == []


def test_every_option_says_what_it_means() -> None:
    both = chain(commands(), load_commands())
    found = [(path, o) for path, command, context in both for o in options(command, context)]

    assert len(found) > 80
    assert [] == [(path, option.opts) for path, option in found if not option.help]


def test_every_metric_that_the_code_declares_is_on_its_page() -> None:
    page = metric_page.page()
    declared = set()
    for path in (ROOT / "rater" / "shell").rglob("*.py"):
        declared |= set(re.findall(r"\"(rater_[a-z_]+[a-z])\"", path.read_text()))
        declared |= {
            f"rater_{name}"
            for name in re.findall(
                r"self\._(?:counter|gauge|histogram)\(\s*\"([a-z_]+)\"", path.read_text()
            )
        }

    assert len(declared) > 30
    assert sorted(name for name in declared if f"`{name}" not in page) == []


def test_the_page_of_the_simulator_has_the_table_of_its_scripts() -> None:
    page = (ROOT / "docs" / "operating" / "simulator.md").read_text()
    marked = page.split(f"<!-- from: {name_of(Path(script.__file__ or ''))} -->\n")[1]
    body = marked.split("<!-- end -->")[0]
    docstring = script.__doc__ or ""

    assert body.strip() == docstring.split("\n\n", 1)[1].strip()


FOLDERS = ("deploy", "docs", "loadtest", "rater", "tests", "topics")
_FILE = re.compile(rf"(?<![\w/.-])((?:{'|'.join(FOLDERS)})/[\w/.-]+\.(?:csv|jsonl?|md|py|toml))\b")
_QUOTED = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w/.-]+)`")
_SHORT = re.compile(r"`((?:batch|cli|core|kafka|reconcile|shell|wire)/[\w/.-]+)`")
"""As the documents of the root write a path in rater."""
MADE = {"rater/compiled.json", "deploy/compose/secrets"}
"""What a build or a command makes."""


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

    for page in ROOT.glob("*.md"):
        named |= {(page.name, f"rater/{path}") for path in _SHORT.findall(page.read_text())}
    made = MADE | {page.removeprefix("reference/") for page in site_hooks.made()}

    assert len(named) > 150
    assert [] == sorted((f, p) for f, p in named if p not in made and not (ROOT / p).exists())
