"""What is declared `Final`: in a class that is not compiled, mypy alone guards it."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent


def finals(*classes: type) -> set[str]:
    """Return the fields of classes that are Final, by their source."""
    return {name for each in classes for name in _finals(each)}


def _finals(each: type) -> set[str]:
    source = ROOT / f"{each.__module__.replace('.', '/')}.py"
    (body,) = (
        node
        for node in ast.parse(source.read_text()).body
        if isinstance(node, ast.ClassDef) and node.name == each.__name__
    )
    return {
        node.target.attr
        for node in ast.walk(body)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Attribute)
        and ast.unparse(node.annotation).startswith("Final")
    }
