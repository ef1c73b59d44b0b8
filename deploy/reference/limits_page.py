"""Limits page: every bound that a module declares and explains, from the constants and the texts below them."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from deploy.reference.tables import cell, code, table

ROOT = Path(__file__).resolve().parents[2]
_CORE = "rater/core/limits.py"

_INTRO = """\
# Limits

Whatever is kept, taken or waited for is bounded; what is beyond a bound is refused, waits, or is a dead letter, and
says so. Bounds of the fields of records are on the pages of their [topics](topics/index.md).

"""


def page() -> str:
    """Return the page: the bounds of the core, then those of each other module."""
    rows = list(bounds())
    core = [row[1:] for row in rows if row[0] == _CORE]
    others = [(code(row[0]), *row[1:]) for row in rows if row[0] != _CORE]
    text = _INTRO + "## Of accounts and calls\n\n" + table(("name", "value", "meaning"), core)
    return text + "\n## Of services\n\n" + table(("module", "name", "value", "meaning"), others)


def bounds() -> Iterator[tuple[str, str, str, str]]:
    """Yield module, name, value and meaning of each constant of the core's limits, and of those named `..._MAX`."""
    for path in sorted((ROOT / "rater").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        body = ast.parse(path.read_text(encoding="utf-8")).body
        for node, after in zip(body, [*body[1:], None], strict=True):
            target = _target(node)
            meaning = _text(after)
            if meaning and (name == _CORE or (target.endswith("_MAX") and target[0] != "_")):
                module = import_module(name.removesuffix(".py").replace("/", "."))
                yield name, code(target), f"{getattr(module, target):,}", cell(meaning)


def _target(node: ast.stmt) -> str:
    """Return the name of the constant that a statement declares; an underscore where it declares none."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return "_"


def _text(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return str(node.value.value)
    return ""
