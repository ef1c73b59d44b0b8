"""Documents that repeat what the code says are held to it."""

import re
from pathlib import Path

from rater.shell.gateway.providers.simulator import script

ROOT = Path(__file__).parent.parent


def test_the_page_of_the_simulator_has_the_table_of_its_scripts() -> None:
    page = (ROOT / "docs" / "simulator.md").read_text()
    marked = page.split("<!-- from: rater/shell/gateway/providers/simulator/script.py -->\n")[1]
    body = marked.split("<!-- end -->")[0]
    docstring = script.__doc__ or ""

    assert body.strip() == docstring.split("\n\n", 1)[1].strip()


FOLDERS = ("deploy", "docs", "loadtest", "rater", "tests", "topics")
NAMED = re.compile(rf"(?<![\w/.-])((?:{'|'.join(FOLDERS)})/[\w/.-]+\.(?:csv|jsonl?|md|py|toml))\b")
MADE = {"rater/compiled.json"}
"""Files that a build makes."""


def test_every_file_that_code_and_documents_name_is_there() -> None:
    """A module moves, and what says where it is stays behind; the CHANGELOG alone speaks of what was."""
    sources = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.[pm][yd]")]
    sources += [path for path in ROOT.iterdir() if path.suffix in (".md", ".py", ".toml")]
    named = {
        (file.relative_to(ROOT).as_posix(), path)
        for file in (*sources, ROOT / "Makefile")
        if file.name != "CHANGELOG.md"
        for path in NAMED.findall(file.read_text())
    }

    assert len(named) > 50
    assert [] == sorted((f, p) for f, p in named if p not in MADE and not (ROOT / p).exists())
