"""Every call of the log in the rater names what it says, by names of one table, which has no others."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from rater.shell.process.log_fields import ERRORS, FIELDS, HEAD

ROOT = Path(__file__).parent.parent
LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "log"}
FOREIGN = {"rater/shell/process/health.py"}
"""Where a line of the standard library's server is passed on, as it gives it, to those who ask for everything."""
_NAMED = re.compile(r"%\((.+?)\)")
_LOGGER = re.compile(r"log|logger|_log")


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted((ROOT / "rater").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=logger), attr=level)):
                    if level in LEVELS and _LOGGER.fullmatch(logger):
                        yield f"{path.relative_to(ROOT).as_posix()}:{node.lineno}", node


def given(call: ast.Call) -> list[str]:
    return [
        str(key.value)
        for argument in call.args[1:]
        if isinstance(argument, ast.Dict)
        for key in argument.keys
        if isinstance(key, ast.Constant)
    ]


def test_every_line_names_what_it_says() -> None:
    wrong = []
    for place, call in calls():
        if place.partition(":")[0] in FOREIGN:
            continue
        message = call.args[0]
        is_text = isinstance(message, ast.Constant) and isinstance(message.value, str)
        named = (
            set(_NAMED.findall(str(message.value))) if isinstance(message, ast.Constant) else set()
        )
        others = [each for each in call.args[1:] if not isinstance(each, ast.Dict)]
        if not is_text or others or not named <= set(given(call)):
            wrong.append(place)

    assert wrong == []


def test_a_line_of_the_gateway_about_a_payment_says_whose_it_is_and_of_which_recharge() -> None:
    """But of what a provider tells late: it names the command alone."""
    lines = [
        (place, set(given(call)))
        for place, call in calls()
        if place.startswith("rater/shell/gateway/") and "command_id" in given(call)
    ]
    nameless = [place for place, said in lines if not said >= {"tenant_id", "recharge_id"}]

    assert len(lines) > 4
    assert len(nameless) == 1
    assert nameless[0].startswith("rater/shell/gateway/service.py:")


def test_the_names_are_those_of_the_table() -> None:
    used = {(name, place.partition(":")[0]) for place, call in calls() for name in given(call)}

    assert sorted((n, place) for n, place in used if n not in FIELDS) == []
    assert sorted(FIELDS.keys() - {name for name, _ in used}) == []
    assert FIELDS.keys().isdisjoint(HEAD.keys() | ERRORS.keys())
