"""TOML faults: every line of a file that is no TOML, though a parser stops at the first.

A line that is said is taken out, and the rest read again. Rule 1: where the file goes on, a table whose heading was bad
becomes one of its own, so that its lines are not said to be twice in another. Rule 2: after the first, a line is said
only where it is bad by itself or says something twice: what an open bracket above makes of it is no fault of its own.
"""

import re
from typing import Final

from rater.wire.toml_text import TomlError, read_toml

SAID_MAX: Final = 20
_TRIES_MAX: Final = 2 * SAID_MAX
_READ_MAX: Final = 4_000_000
"""Characters that are read in all: of a long file fewer faults are said, and soon."""
_LINE: Final = re.compile(r"\(at line (\d+), column \d+\)$")
_STATEMENT: Final = re.compile(r"""\s*(\[|[\w."' -]+=)""")


def toml_faults(text: str) -> list[str]:
    """Return what is wrong with a text, at most SAID_MAX things in the order of the lines; empty: it is TOML."""
    lines = text.split("\n")
    said: list[str] = []
    for _ in range(min(_TRIES_MAX, max(_READ_MAX // (len(text) + 1), 1))):
        fault = _first_fault("\n".join(lines))
        if fault is None or len(said) == SAID_MAX:
            break
        place = _LINE.search(fault)
        number = int(place[1]) - 1 if place else -1
        if not said:
            said.append(fault)
        elif _STATEMENT.match(lines[number]):
            if number < 0 or not _is_bad_alone(lines[number], fault):
                break
            said.append(fault)
        if number < 0 or not lines[number]:
            break
        lines[number] = f"['line {number}']" if lines[number].lstrip().startswith("[") else ""
    return said


def _first_fault(text: str) -> str | None:
    try:
        read_toml(text)
    except TomlError as error:
        return str(error)
    return None


def _is_bad_alone(line: str, fault: str) -> bool:
    """Say whether a line itself is bad, not one above it; of one that goes on below nothing is known."""
    alone = _first_fault(line + "\n")
    return fault.startswith("Cannot") or (alone is not None and "end of document" not in alone)
