"""Revision: of which commit the program is: as its build has noted, or as the repository says that it is run from."""

import re
from functools import cache
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parents[2]
NOTED: Final = "revision.txt"
"""What a build has noted (`setup.py`), in the package."""
UNKNOWN: Final = "unknown"
SHOWN: Final = 12
"""Digits of a commit."""
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@cache
def revision(package: Path = PACKAGE) -> str:
    """Return the commit, shortened; of a build from changed sources with `-dirty`; where nobody knows, UNKNOWN.

    Of a repository it is what is checked out: whether sources were changed since is not looked at.
    """
    try:
        noted = package / NOTED
        if noted.exists():
            return noted.read_text("ascii").strip() or UNKNOWN
        return _checked_out(package.parent / ".git")[:SHOWN]
    except (OSError, ValueError):
        return UNKNOWN


def _checked_out(git: Path) -> str:
    """Return the commit that is checked out; OSError or ValueError where that cannot be read."""
    if git.is_file():  # One of several trees of a repository.
        git = (git.parent / git.read_text().removeprefix("gitdir:").strip()).resolve()
    shared = git / "commondir"
    common = (git / shared.read_text().strip()).resolve() if shared.exists() else git
    head = (git / "HEAD").read_text().strip()
    if not head.startswith("ref:"):
        return _commit(head)
    name = head.removeprefix("ref:").strip()
    loose = common / name
    if loose.exists():
        return _commit(loose.read_text().strip())
    for line in (common / "packed-refs").read_text().splitlines():
        commit, _, packed = line.partition(" ")
        if packed == name:
            return _commit(commit)
    raise ValueError(name)


def _commit(text: str) -> str:
    if not _COMMIT.fullmatch(text):
        raise ValueError(text[:80])
    return text
