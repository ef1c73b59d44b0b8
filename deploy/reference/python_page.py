"""Python page: the public names of `rater.pricing` and `rater.authorise`, with signatures, fields and docstrings."""

import ast
import inspect
import re
import textwrap
from types import ModuleType
from typing import Any

from deploy.reference.tables import cell, code, table
from rater import authorise, pricing

_DOCTEST = re.compile(r"(?m)^>>> ")
_ANNOTATION = re.compile(r"\b(?:[a-z_]+\.)+([A-Z]\w+)")


def page() -> str:
    """Return the page."""
    return "# Python API\n" + "".join(_of_module(each) for each in (pricing, authorise))


def _of_module(module: ModuleType) -> str:
    """Return the names of a module, functions first."""
    names = sorted(module.__all__, key=lambda name: (isinstance(getattr(module, name), type), name))
    title = module.__name__
    text = f"\n## {title}\n\n`from {title} import {', '.join(names[:2])}`\n\n{_docs(module)}\n"
    return text + "".join(_section(name, getattr(module, name)) for name in names)


def _section(name: str, thing: Any) -> str:
    if not isinstance(thing, type):
        return f"\n### {name}\n\n```python\n{_signature(name, thing)}\n```\n\n{_docs(thing)}\n"
    text = f"\n### {name}\n\n"
    bases = [base.__name__ for base in thing.__bases__ if base is not object]
    if bases and bases != ["Struct"]:
        text += f"A `{bases[0]}`. "
    return text + f"{_docs(thing)}\n" + _members(thing)


def _signature(name: str, thing: Any) -> str:
    """Return the signature over several lines, one for each parameter."""
    signature = inspect.signature(thing)
    lines = []
    is_named = False
    for each in signature.parameters.values():
        if each.kind is inspect.Parameter.KEYWORD_ONLY and not is_named:
            is_named = True
            lines.append("    *,")
        lines.append(f"    {_plain(str(each))},")
    result = _plain(inspect.formatannotation(signature.return_annotation))
    return "\n".join([f"{name}(", *lines, f") -> {result}"])


def _plain(text: str) -> str:
    return _ANNOTATION.sub(r"\1", text)


def _members(thing: type) -> str:
    """Return a table of the fields, with what the text below each says, and of the properties."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]
    assert isinstance(tree, ast.ClassDef)
    rows = []
    for node, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            about = after.value if isinstance(after, ast.Expr) else None
            told = about.value if isinstance(about, ast.Constant) else ""
            rows.append((code(node.target.id), code(ast.unparse(node.annotation)), cell(told)))
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            result = ast.unparse(node.returns) if node.returns else ""
            rows.append((code(node.name), code(result), cell(ast.get_docstring(node) or "")))
    return "\n" + table(("name", "type", "meaning"), rows) if rows else ""


def _docs(thing: Any | ModuleType) -> str:
    """Return a docstring with its examples as blocks of code."""
    parts = []
    for part in (inspect.getdoc(thing) or "").split("\n\n"):
        text = part.strip()
        is_example = _DOCTEST.search(text) is not None
        parts.append(f"```pycon\n{text}\n```" if is_example else text)
    return "\n\n".join(parts)
