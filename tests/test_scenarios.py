"""The acceptance scenarios as stories: what comes out is what the story says, line by line."""

from pathlib import Path

import pytest

from tests.story import FOLDER, run_story

STORIES = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_comes_out_as_told(path: Path) -> None:
    told = path.read_text()

    assert told.rstrip("\n").split("\n") == run_story(told)


def test_there_are_stories() -> None:
    assert len(STORIES) >= 20
