"""Tables: rows of Markdown, and words from the names of fields."""

from collections.abc import Iterable, Sequence

UNITS = {
    "micros": "millionths of the currency",
    "nanos": "billionths of the currency",
    "ms": "milliseconds; an instant: since 1970 UTC",
    "s": "seconds",
    "seconds": "seconds",
    "minutes": "minutes",
    "h": "hours",
    "hours": "hours",
    "days": "days",
    "percent": "percent",
    "bytes": "bytes",
    "b64": "bytes, as base64",
    "sha256": "SHA-256, hexadecimal",
    "records": "records",
    "offset": "offset in its partition",
    "ids": "ids",
    "partitions": "partitions",
    "billsec": "seconds",
}
"""What the last word of a name says of its unit."""


def unit_of(name: str) -> str:
    """Return the unit that a name ends in; empty where it names none."""
    return UNITS.get(name.rpartition("_")[2], "")


def cell(text: object) -> str:
    """Return a text as the cell of a table."""
    return " ".join(str(text).replace("|", "\\|").replace("<", "&lt;").split())


def code(text: object) -> str:
    """Return a text as code in the cell of a table; nothing for nothing."""
    if not str(text):
        return ""
    inside = cell(text).replace("&lt;", "<")
    return f"`` {inside} ``" if "`" in inside else f"`{inside}`"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; columns of which every cell is empty are left out."""
    body = [list(row) for row in rows]
    kept = [at for at in range(len(head)) if any(row[at] for row in body)] if body else []
    lines = [[head[at] for at in kept], ["---"] * len(kept)]
    lines += [[row[at] for at in kept] for row in body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
