"""Names that others read were changed once, before the first release: `tests/goldens/names.json` maps old to new."""

import json
from pathlib import Path

import pytest

import topics
from topics.schema import FOLDER

GOLDENS = Path(__file__).parent / "goldens"
NAMES: dict[str, str] = json.loads((GOLDENS / "names.json").read_text(encoding="utf-8"))
PUBLISHED = [
    *sorted((FOLDER / "schemas").glob("*.json")),
    *sorted((FOLDER / "examples").glob("*.jsonl")),
    *sorted((Path(__file__).parent / "scenarios").glob("*.txt")),
    Path(topics.__file__).parent.parent / "README.md",
]


def renamed(text: str) -> str:
    for old, new in NAMES.items():
        text = text.replace(f'"{old}"', f'"{new}"').replace(f'\\"{old}\\"', f'\\"{new}\\"')
    return text


def test_what_was_pinned_before_the_names_changed_is_what_is_pinned_now_by_names_alone() -> None:
    before = (GOLDENS / "content.old_names.jsonl").read_text(encoding="utf-8")

    assert renamed(before) == (GOLDENS / "content.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.name)
def test_no_old_name_is_published(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert [old for old in NAMES if f'"{old}"' in text] == []


@pytest.mark.parametrize("name", sorted(NAMES.values()))
def test_every_new_name_is_in_use(name: str) -> None:
    sources = Path(topics.__file__).parent.parent / "rater"
    texts = (path.read_text(encoding="utf-8") for path in [*PUBLISHED, *sources.rglob("*.py")])

    assert any(f'"{name}"' in text for text in texts)
