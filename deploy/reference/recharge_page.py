"""Recharge page: states, signals and the table between them, from `rater.core.recharge.machine`."""

import ast
import inspect
from enum import StrEnum

from deploy.reference.tables import cell, code, table
from rater.core.recharge.machine import TRANSITIONS, Signal, State, diagram

_INTRO = """\
# The recharge state machine

Every way between two states of a tenant's recharge; a signal that a state does not list changes nothing. Why it is a
table: [D11](../decisions/D11-recharge-is-a-table.md).

"""


def page() -> str:
    """Return the page."""
    rows = [
        (code(state), code(target), ", ".join(code(name) for name in names))
        for state, ways in TRANSITIONS.items()
        for target, names in _by_target(ways).items()
    ]
    return (
        _INTRO
        + f"```mermaid\n{diagram()}\n```\n\n## States\n\n"
        + _meanings(State)
        + "\n## Signals\n\n"
        + _meanings(Signal)
        + "\n## The table\n\n"
        + table(("in", "goes to", "on"), rows)
    )


def _by_target(ways: dict[Signal, State]) -> dict[State, list[Signal]]:
    targets: dict[State, list[Signal]] = {}
    for signal, target in ways.items():
        targets.setdefault(target, []).append(signal)
    return targets


def _meanings(enum: type[StrEnum]) -> str:
    """Return a table of an enum's members and the texts below them."""
    tree = ast.parse(inspect.getsource(enum)).body[0]
    assert isinstance(tree, ast.ClassDef)
    rows = []
    for node, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            about = after.value if isinstance(after, ast.Expr) else None
            told = about.value if isinstance(about, ast.Constant) else ""
            rows.append((code(node.value.value), cell(told)))
    return table(("name", "meaning"), rows)
