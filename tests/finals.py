"""What is declared `Final`: in a class that is not compiled, mypy alone guards it."""

import ast
import sys
from pathlib import Path

from rater.core import cdr

COMPILED = not (cdr.__file__ or "").endswith(".py")


def finals(*classes: type) -> set[str]:
    """Return the fields of classes that are Final, by their source."""
    return {name for each in classes for name in _finals(each)}


def _finals(each: type) -> set[str]:
    module = sys.modules[each.__module__].__file__ or ""
    source = Path(module).with_name(f"{each.__module__.rpartition('.')[2]}.py")
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
