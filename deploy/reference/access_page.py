"""Access page: the roles and what each may do on a broker, from `topics.access`; for docs/operating/access.md."""

import re
from collections.abc import Iterable
from pathlib import Path

from deploy.reference.tables import cell, code, table
from topics.access import rights
from topics.roles import ROLES, Role

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "operating" / "access.md"
_MARKED = re.compile(r"(<!-- generated: rights -->\n).*?(<!-- end -->)", re.DOTALL)


def page() -> str:
    """Return the page with the table between its marks made anew."""
    text = table(
        (
            *(
                "principal",
                "who that is",
                "writes",
                "reads",
                "makes and compares",
                "sets retention",
            ),
            *("in the group", "sees the groups", "transactional ids"),
        ),
        (_row(role) for role in ROLES),
    )
    return _MARKED.sub(lambda m: f"{m[1]}{text}{m[2]}", PAGE.read_text(encoding="utf-8"))


def _row(role: Role) -> tuple[str, ...]:
    topics: dict[str, list[str]] = {"WRITE": [], "READ": [], "CREATE": []}
    beside: dict[str, list[str]] = {"GROUP": [], "TRANSACTIONAL_ID": []}
    looks: list[str] = []
    for right in rights(role):
        if right.resource_type == "TOPIC":
            topics.setdefault(right.operation, []).append(right.name)
        elif right.operation == "DESCRIBE":
            looks.append(right.name)
        else:
            more = "…" if right.pattern_type == "PREFIXED" else ""
            beside[right.resource_type].append(right.name + more)
    made = "every topic" if topics["CREATE"] else ""
    altered = "every topic that has one" if "ALTER_CONFIGS" in topics else ""
    return (
        *(code(role.principal), cell(role)),
        *(_listed(topics["WRITE"]), _listed(topics["READ"]), made, altered),
        *(_listed(beside["GROUP"]), _listed(looks), _listed(beside["TRANSACTIONAL_ID"])),
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(code(name) for name in names)
