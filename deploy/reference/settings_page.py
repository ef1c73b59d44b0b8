"""Settings page: options with their variables and defaults, other variables, and what decides money, from the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click

from deploy.reference.commands import allowed, commands, default, options, variable
from deploy.reference.tables import cell, code, table

ROOT = Path(__file__).resolve().parents[2]
_NAME = re.compile(r"RATER_[A-Z_]+[A-Z](?![A-Z_])")

_INTRO = """\
# Settings

Three kinds. What a service is started with are options, some of them also environment variables: the option wins,
then the variable, then the default. Secrets are variables alone, or files that `NAME_FILE` names, and stand in no
log, topic or process list. What decides money is neither: it is a version on
[`charging.settings.v1`](topics/charging.settings.v1.md), the same for every worker of a group
([A21](../decisions/A21-what-decides-money-is-a-versioned-record.md)).

"""
_MONEY = """
## What decides money

`rater config show` prints what is in force, `rater config show --shipped` the table of currencies that ships
(version 0). The fields are those of [ChargingSettings](topics/charging.settings.v1.md#chargingsettings); shipped are:

"""


def page() -> str:
    """Return the page."""
    return (
        _INTRO + "## Options of the services\n\n" + _options() + _variables() + _MONEY + _shipped()
    )


def _services() -> list[tuple[str, click.Command, click.Context]]:
    """Return the commands that run until they are stopped: those that serve metrics."""
    return [
        found
        for found in commands()
        if any("--metrics-port" in option.opts for option in options(found[1], found[2]))
    ]


def _options() -> str:
    """Return a table of all options, one row where services share one with the same default."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for path, command, context in _services():
        for option in options(command, context):
            names = ", ".join(code(name) for name in [*option.opts, *option.secondary_opts])
            told = (names, allowed(option), code(default(option, context)),
                    code(variable(option, context)), cell(option.help or ""))  # fmt: skip
            rows.setdefault(told, []).append(path.removeprefix("rater "))
    everywhere = len(_services())
    listed = [
        (told[0], "all" if len(by) == everywhere else ", ".join(by), *told[1:])
        for told, by in rows.items()
    ]
    listed.sort(key=lambda row: (row[1] != "all", row[1], row[0]))
    head = ("option", "of", "value", "default", "environment", "meaning")
    return table(head, listed)


def _variables() -> str:
    told = {name: about for _, name, about in described()}
    rows = [(code(name), cell(about)) for name, about in sorted(told.items())]
    text = "\n## Variables besides the options\n\n" + table(("variable", "meaning"), rows)
    return text + "\nOf each secret, `NAME_FILE` may name a file that holds it.\n"


def described() -> Iterator[tuple[Path, str, str]]:
    """Yield module, name and meaning of each variable: a constant in the code, with its docstring below it."""
    for path in sorted((ROOT / "rater").rglob("*.py")):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        for node, after in zip(body, [*body[1:], None], strict=True):
            name = _constant(node)
            if name is not None:
                yield path, name, _text(after)


def _constant(node: ast.stmt) -> str | None:
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value if _NAME.fullmatch(value.value) else None
    return None


def _text(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return str(node.value.value)
    return ""


def named() -> set[str]:
    """Return every variable that a module of `rater` reads, or names to those who read it."""
    found = set()
    for path in (ROOT / "rater").rglob("*.py"):
        found |= set(_NAME.findall(path.read_text(encoding="utf-8")))
    return {name.removesuffix("_FILE") for name in found}


def _shipped() -> str:
    from rater.wire.settings.currencies import shipped_book  # noqa: PLC0415

    settings = shipped_book().at(0)
    names = ("window_days", "duration_tolerance_s", "duration_tolerance_percent", "cdr_max_bytes")
    return table(
        ("field", "shipped"), [(code(name), f"{getattr(settings, name):,}") for name in names]
    )
