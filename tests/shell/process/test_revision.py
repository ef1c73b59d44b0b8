"""The revision of the program: noted by its build, or that of the repository that it is run from."""

import subprocess
from pathlib import Path

import pytest

from rater.shell.process.revision import NOTED, UNKNOWN, revision

WHO = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")


def git(folder: Path, *words: str) -> str:
    ran = subprocess.run(
        ("git", *WHO, *words), cwd=folder, check=True, capture_output=True, text=True
    )
    return ran.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "rater").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


def test_what_the_build_has_noted_counts(repository: Path) -> None:
    (repository / "rater" / NOTED).write_text("0123456789ab-dirty\n")

    assert revision(repository / "rater") == "0123456789ab-dirty"


def test_of_a_repository_it_is_what_is_checked_out(repository: Path) -> None:
    assert revision(repository / "rater") == git(repository, "rev-parse", "HEAD")[:12]


def test_so_it_is_where_refs_are_packed(repository: Path) -> None:
    git(repository, "pack-refs", "--all")

    assert revision(repository / "rater") == git(repository, "rev-parse", "HEAD")[:12]


def test_so_it_is_of_another_tree_and_without_a_branch(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    git(repository, "worktree", "add", "-q", "--detach", str(tmp_path / "loose"))
    git(tmp_path / "tree", "commit", "-q", "--allow-empty", "-m", "second")

    for name in ("tree", "loose"):
        commit = git(tmp_path / name, "rev-parse", "HEAD")[:12]
        assert revision(tmp_path / name / "rater") == commit


def test_where_there_is_neither_nobody_knows(tmp_path: Path) -> None:
    assert revision(tmp_path / "rater") == UNKNOWN

    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("what is no commit\n")
    assert revision(tmp_path / "other") == UNKNOWN
