"""Settings page: the settings of services by table, other variables, and what decides money, from the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from deploy.reference.tables import cell, code, table
from rater.shell.process.settings.declaration import Declared, declared, written
from rater.shell.process.settings.reading import settings_class
from rater.shell.process.settings.services import SERVICES, SHARED

ROOT = Path(__file__).resolve().parents[2]
_NAME = re.compile(r"RATER_[A-Z_]+[A-Z](?![A-Z_])")

_INTRO = """\
# Settings

Two kinds. What a service is told at its start are options, environment variables, and a TOML file that `--settings` or
`RATER_SETTINGS` names: the option wins, then the variable, then the file, then the default
([A81](../decisions/A81-one-settings-class-a-service.md), [how to use it](../operating/services.md#settings)).
What decides money is none of these: it is a version on
[`charging.settings.v1`](topics/charging.settings.v1.md), the same for every worker of a group
([A21](../decisions/A21-what-decides-money-is-a-versioned-record.md)).

Secrets are variables, or files: `NAME_FILE` in the environment, or a key that ends with `_file` in the settings file,
names the file. They stand in no option, log, topic or process list, and not in the settings file itself.

"""
_MONEY = """
## What decides money

`rater config show` prints what is in force, `rater config show --shipped` the table of currencies that ships
(version 0). The fields are those of [ChargingSettings](topics/charging.settings.v1.md#chargingsettings); shipped are:

"""


def page() -> str:
    """Return the page."""
    return _INTRO + _tables() + _variables() + _MONEY + _shipped()


def tables() -> dict[str, list[Declared]]:
    """Return the settings by their table of the settings file; `""` has those that stand in none."""
    found: dict[str, list[Declared]] = {}
    for service in SERVICES:
        for each in declared(settings_class(service)):
            there = found.setdefault(each.table, [])
            if each not in there:
                there.append(each)
    return {name: found[name] for name in ("", *SHARED, *SERVICES)}


def _tables() -> str:
    """Return a section for each table."""
    text = ""
    head = ("key", "option", "variable", "value", "unit", "default", "meaning")
    for name, there in tables().items():
        title = f"`[{name}]`" if name else "Not in the settings file"
        of = "all services" if name in ("", *SHARED) else _command(name)
        text += f"## {title}\n\nOf {of}.\n\n{table(head, [_row(each) for each in there])}\n"
    return text


def _command(service: str) -> str:
    words = f"rater worker {service}" if service in ("charging", "recharge") else f"rater {service}"
    return code(words)


def _row(each: Declared) -> tuple[str, ...]:
    variable = code(each.variable) + (
        f", {code(each.variable + '_FILE')}" if each.is_secret else ""
    )
    value = ", ".join(map(code, each.choices)) or f"{each.kind}{each.bounds()}"
    default = "must be given" if each.required else ""
    if each.default is not None and not each.is_secret:
        default = code(written(each.default))
    key = code(each.key) if each.table else ""
    return key, code(each.option or ""), variable, value, each.unit, default, cell(each.about)


def _variables() -> str:
    told = {name: about for _, name, about in described()}
    rows = [(code(name), cell(about)) for name, about in sorted(told.items())]
    return "\n## Variables besides the settings\n\n" + table(("variable", "meaning"), rows)


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
