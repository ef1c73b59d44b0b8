"""House style that no linter checks."""

import ast
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from rater.core import limits
from topics import fields

ROOT = Path(__file__).parent.parent
PACKAGES = ("rater", "topics", "loadtest", "deploy")
MODULES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
CORE = [path for path in MODULES if "rater/core" in path.as_posix()]
MONEY = [*CORE, *(path for path in MODULES if path.name in ("amounts.py", "quotes.py"))]

FUNCTION_LINES_MAX = 50
MODULE_LINES_MAX = 300
BANNED_NAMES = {"utils", "helpers", "common", "base", "manager"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text()))


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without its docstring."""
    body = function.body
    assert function.end_lineno is not None
    first = body[0]
    docstring = 0
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        docstring = (first.end_lineno or first.lineno) - first.lineno + 1
    return function.end_lineno - function.lineno + 1 - docstring


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_small_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)

    assert ast.get_docstring(tree), "no docstring"
    assert len(text.splitlines()) <= MODULE_LINES_MAX
    assert path.stem not in BANNED_NAMES
    long = [
        (node.name, lines_of(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and lines_of(node) > FUNCTION_LINES_MAX
    ]
    assert [] == long


@pytest.mark.parametrize("path", MONEY, ids=name_of)
def test_no_float_comes_near_money(path: Path) -> None:
    found: list[tuple[int, float | str]] = []
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append((node.lineno, node.value))
        if isinstance(node, ast.Name) and node.id == "float":
            found.append((node.lineno, "float"))
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            found.append((node.lineno, "/"))

    assert [] == found


@pytest.mark.parametrize("path", CORE, ids=name_of)
def test_the_core_awaits_nothing(path: Path) -> None:
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)

    assert [] == [node for node in nodes(path) if isinstance(node, kinds)]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_is_left_to_do_in_a_comment(path: Path) -> None:
    # In quotes it is the code of no currency (ISO 4217).
    assert not re.search(r'\b(FIXME|TODO|(?<!")XXX|HACK)\b', path.read_text())


@pytest.mark.parametrize("part", ["core", "wire"])
def test_every_module_of_core_and_wire_has_its_tests(part: str) -> None:
    everything = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    untested = set()
    for path in (ROOT / "rater" / part).rglob("*.py"):
        module = path.relative_to(ROOT).with_suffix("")
        mirrored = ROOT / "tests" / module.relative_to("rater").with_name(f"test_{path.name}")
        dotted = ".".join(module.parts)
        if (
            path.stem != "__init__"
            and not mirrored.exists()
            and f"{dotted} import" not in everything
        ):
            untested.add(dotted)

    assert set() == untested


@pytest.mark.parametrize("part", ["core", "wire", "batch", "shell", "reconcile", "cli", "views"])
def test_a_test_of_a_module_lies_in_the_room_that_the_module_lies_in(part: str) -> None:
    """A test file with the name of a module stands where the module stands; others tell a story of several."""
    rooms: dict[str, set[str]] = {}
    for path in (ROOT / "rater" / part).rglob("*.py"):
        rooms.setdefault(path.stem, set()).add(path.parent.relative_to(ROOT / "rater").as_posix())
    astray = [
        name_of(path)
        for path in (ROOT / "tests" / part).rglob("test_*.py")
        if (stem := path.stem.removeprefix("test_")) in rooms
        and path.parent.relative_to(ROOT / "tests").as_posix() not in rooms[stem]
    ]

    assert [] == astray


def test_only_the_clock_and_the_monotonic_ones_tell_the_time() -> None:
    allowed = {"rater/shell/process/clock.py", "rater/cli/deck_load.py"}
    asking = re.compile(r"\btime\.time(_ns)?\(|datetime\.now\(|\btoday\(")
    found = {
        name_of(path)
        for path in MODULES
        if name_of(path).startswith("rater/") and asking.search(path.read_text())
    }

    assert found <= allowed


CLIENTS = {
    "AIOKafkaConsumer",
    "AIOKafkaProducer",
    "AIOKafkaAdminClient",
    "AIOKafkaClient",
    "create_conn",
}


def test_one_place_makes_the_clients_of_a_broker() -> None:
    """What a connection needs (TLS, a login) is said there: whoever connects elsewhere would connect without."""
    making: set[str] = set()
    renamed: set[str] = set()
    for path in MODULES:
        for node in nodes(path):
            if isinstance(node, ast.alias) and node.name in CLIENTS and node.asname:
                renamed.add(name_of(path))
            if isinstance(node, ast.Call):
                called = node.func
                name = called.attr if isinstance(called, ast.Attribute) else ast.unparse(called)
                making |= {name_of(path)} if name in CLIENTS else set()

    assert {"rater/kafka/broker.py", "loadtest/clients.py"} == making
    assert set() == renamed


E2E = sorted((ROOT / "tests" / "e2e").glob("*.py"))
OF_THEIR_OWN = {
    *("logins.py", "secured_stage.py", "test_secured_kafka.py"),
    *("access_stage.py", "access_play.py", "test_watch_kafka.py"),
}
"""The one way in, and stages whose brokers are secured in a way of their own."""


@pytest.mark.parametrize("path", [path for path in E2E if path.name not in OF_THEIR_OWN], ids=name_of)  # fmt: skip
def test_the_tests_on_kafka_connect_as_logins_say(path: Path) -> None:
    """So that all of them run on secured brokers, each process as its role (RATER_TEST_SECURE)."""
    for node in nodes(path):
        if not isinstance(node, ast.Call):
            continue
        called, given = ast.unparse(node.func), [ast.unparse(word) for word in node.keywords]
        if called.rpartition(".")[2] in CLIENTS:
            assert given, called
            assert given[0].startswith("**options("), called
        if called in {"subprocess.Popen", "subprocess.run"} and "rater" in ast.unparse(node):
            assert any(word.startswith("env=env") for word in given), ast.unparse(node)
        # A command that reaches no broker needs no login.
        if called == "CliRunner().invoke":
            assert "bootstrap" not in ast.unparse(node), ast.unparse(node)
    text = path.read_text()
    assert "rater.kafka.broker import" not in text
    assert "bootstrap_servers" not in text


LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_logs_under_its_name_and_names_what_it_says(path: Path) -> None:
    """As text `%(partition)d` is a number in a sentence; in a log of JSON it is a field that one can look for."""
    for node in nodes(path):
        if isinstance(node, ast.Assign) and "getLogger(__name__)" in ast.unparse(node.value):
            assert [ast.unparse(target) for target in node.targets] == ["log"]
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in LEVELS
            and ast.unparse(node.func.value) in {"log", "logging.getLogger(__name__)"}
            and not any(isinstance(given, ast.Starred) for given in node.args)
        ):
            assert all(isinstance(given, ast.Dict) for given in node.args[1:]), ast.unparse(node)


SPANS_MS = {3_600_000, 86_400_000, 4_133_980_800_000}


def test_a_number_of_time_has_its_name_from_one_place() -> None:
    """Topics know no core, and so have a day of their own. The reconciler has its own numbers on purpose: it shares
    nothing with what it checks.
    """
    found = {
        name_of(path)
        for path in MODULES
        if name_of(path).startswith(("rater/", "topics/"))
        and not name_of(path).startswith("rater/reconcile/")
        for node in nodes(path)
        if isinstance(node, ast.Constant) and node.value in SPANS_MS
    }

    assert {"rater/core/limits.py", "topics/fields.py", "topics/topic.py"} == found


def test_a_bound_of_records_and_of_the_core_is_one() -> None:
    """The core keeps its own names of some: what is compiled reads a constant of its own at no cost."""
    both = set(vars(fields)) & set(vars(limits))
    shared = {name for name in both if name.isupper()}

    assert shared >= {"AMOUNT_MICROS_MAX", "DURATION_S_MAX"}
    assert [name for name in shared if getattr(fields, name) != getattr(limits, name)] == []


def classes(path: Path) -> set[str]:
    return {node.name for node in nodes(path) if isinstance(node, ast.ClassDef)}


def test_a_class_of_what_is_compiled_has_no_subclass_in_what_is_not() -> None:
    """Python refuses it at import, and only where the hot path is compiled: an interpreted run would not show it."""
    compiled = {ROOT / name for name in runpy.run_path(str(ROOT / "setup.py"))["HOT_PATH"]}
    theirs = set().union(*map(classes, compiled))
    found = {
        (name_of(path), node.name)
        for path in set(MODULES) - compiled
        for node in nodes(path)
        if isinstance(node, ast.ClassDef)
        and {ast.unparse(base) for base in node.bases} & (theirs - classes(path))
    }

    assert "Value" in theirs
    assert set() == found
