"""The examples in docstrings: each says what its function returns, compiled or not."""

import ast
import doctest
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROMPT = ">>> "
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def examples() -> Iterator[tuple[str, str, str]]:
    """Yield module, name and docstring of all that has an example; read from the source, for mypyc hides some."""
    for path in sorted(
        path for part in ("rater", "topics", "loadtest") for path in (ROOT / part).rglob("*.py")
    ):
        if PROMPT not in (text := path.read_text()):
            continue
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, Documented) and PROMPT in (said := ast.get_docstring(node) or ""):
                yield module, getattr(node, "name", "module"), said


EXAMPLES = list(examples())


@pytest.mark.parametrize(
    ("module", "name", "said"), EXAMPLES, ids=[f"{module}.{name}" for module, name, _ in EXAMPLES]
)
def test_an_example_in_a_docstring_is_true(module: str, name: str, said: str) -> None:
    names = dict(vars(import_module(module)))
    test = doctest.DocTestParser().get_doctest(said, names, f"{module}.{name}", None, None)
    told: list[str] = []

    result = doctest.DocTestRunner(verbose=False).run(test, out=told.append)

    assert result.failed == 0, "".join(told)
    assert result.attempted


def test_the_examples_are_found() -> None:
    assert len(EXAMPLES) >= 10
