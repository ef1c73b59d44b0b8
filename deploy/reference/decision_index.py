"""Decision index: docs/decisions/index.md, from the heads of the files beside it; and the numbers that are defined."""

import re
from dataclasses import dataclass
from pathlib import Path

from deploy.reference.tables import cell, table

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "decisions"
_HEAD = re.compile(
    r"# (?P<number>[DA]\d+) (?P<title>[^\n]+)\n\n- Date: (?P<date>\d{4}-\d\d-\d\d)\n"
    r"- Status: (?P<status>[^\n]+)\n(?:- Rule: (?P<rule>[^\n]+)\n)?\n## Context\n\n(?P<context>.+?)\n\n"
    r"## Decision\n\n(?P<decision>.+?)\n\n## Consequence\n\n(?P<consequence>.+)\n",
    re.DOTALL,
)

_INTRO = """\
# Decisions

One file each: what made a decision necessary, what was decided, what follows, when, and whether it still holds.
Numbers are never used again; code and documents name a decision by its number. D1 to D17 are those of the design
that the project began with, as this project has made them its own; A1 and on came later. *Rule*: the rule of the
project's brief that the decision carries out, where it is known by that name, too.

A new one takes the next number: a file `A<number>-<title>.md` with the heads of the others, then `make docs`. One
that no longer holds is not deleted: its status says what took its place.

"""


@dataclass(frozen=True, slots=True)
class Decision:
    """The head of a decision's file."""

    number: str
    title: str
    date: str
    status: str
    rule: str
    file: str


def decisions() -> list[Decision]:
    """Read all of them, by number; ValueError names a file that is not as the others are."""
    found = []
    for path in FOLDER.glob("[!i]*.md"):
        match = _HEAD.fullmatch(path.read_text(encoding="utf-8"))
        if match is None or not path.name.startswith(f"{match['number']}-"):
            message = f"docs/decisions/{path.name}: not a head and three sections like the others'"
            raise ValueError(message)
        found.append(
            Decision(match["number"], match["title"], match["date"], match["status"],
                     match["rule"] or "", path.name)
        )  # fmt: skip
    return sorted(found, key=lambda each: (each.number[0] != "D", int(each.number[1:])))


def page() -> str:
    """Return the index."""
    rows = [
        (f"[{each.number}]({each.file})", cell(each.title), each.date, each.status, each.rule)
        for each in decisions()
    ]
    return _INTRO + table(("number", "decision", "date", "status", "rule"), rows)
