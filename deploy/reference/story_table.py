"""Story table: what each story of tests/scenarios shows, from its first line; for docs/explanation/scenarios.md."""

import re
from pathlib import Path

from deploy.reference.tables import cell, code, table

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "scenarios.md"
_MARKED = re.compile(r"(<!-- generated: stories -->\n).*?(<!-- end -->)", re.DOTALL)
_NUMBER = re.compile(r"(\d+[a-z]?)_")
_OWN = 90
"""From this number on stories are the project's own, not those of the domain."""


def page() -> str:
    """Return the page with the tables between their marks made anew."""
    stories = [
        (number.lstrip("0"), path, _sentence(path))
        for path in sorted((ROOT / "tests" / "scenarios").glob("*.txt"))
        if (number := _number(path))
    ]
    domain = [story for story in stories if int(re.sub(r"\D", "", story[0])) < _OWN]
    own = [story for story in stories if story not in domain]
    text = "### Of the domain\n\n" + _table(domain) + "\n### Of the project's own\n\n" + _table(own)
    return _MARKED.sub(lambda m: f"{m[1]}{text}{m[2]}", PAGE.read_text(encoding="utf-8"))


def _number(path: Path) -> str:
    match = _NUMBER.match(path.name)
    return match[1] if match else ""


def _sentence(path: Path) -> str:
    """Return the comment with which a story begins, without its number."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    return re.sub(r"^\d+[a-z]?[.,] ", "", " ".join(lines))


def _table(stories: list[tuple[str, Path, str]]) -> str:
    rows = [(number, cell(sentence), code(path.name)) for number, path, sentence in stories]
    return table(("number", "what it shows", "file"), rows)
