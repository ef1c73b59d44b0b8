"""Values for settings by their declaration, so that no test lists settings by hand."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rater.shell.process.settings.declaration import Declared, declared, written
from rater.shell.process.settings.reading import settings_class
from rater.shell.process.settings.services import SERVICES

_ALL = [(service, each) for service in SERVICES for each in declared(settings_class(service))]


def _params(found: list[tuple[str, Declared]]) -> list[Any]:
    return [pytest.param(*each, id=f"{each[0]}-{each[1].field}") for each in found]


EVERY = _params(_ALL)
KEYS = _params([each for each in _ALL if each[1].table])
SECRETS = _params([each for each in _ALL if each[1].is_secret])
NEEDED: dict[str, Any] = {"gateway": {"provider": "simulator"}, "canary": {"tenant_id": "c"}}
"""By service: what must be given."""


class Good(NamedTuple):
    """Three values that may be, as a settings class has them."""

    option: Any
    environment: Any
    file: Any


def good(each: Declared, folder: Path) -> Good:
    """Return values that differ from each other where there are so many."""
    if each.kind in ("switch", "choice"):
        first, *_, last = each.choices or (not each.default, each.default)
        return Good(first, last, first)
    if each.field == "sender":
        return Good(*(f"{name}@x.example" for name in "abc"))
    if each.kind in ("number", "whole number"):
        low = each.low or 0
        return Good(low + 3, low + 2, low + 1)
    if each.kind == "list":
        return Good(*([f"10.{n}.0.0/16"] for n in (1, 2, 3)))
    if each.kind == "file":
        for name in "abc":
            (folder / name).touch()
        return Good(*(str(folder / name) for name in "abc"))
    return Good("a", "b", "c")


def in_environment(value: Any) -> str:
    """Return a value as a variable has it."""
    return " ".join(value) if isinstance(value, list) else str(value)


def toml(folder: Path, table: str, key: str, value: Any) -> Path:
    """Write a settings file with one setting."""
    file = folder / "rater.toml"
    file.write_text(f"[{table}]\n{key} = {written(value)}\n")
    return file


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty the environment of settings."""
    for service in SERVICES:
        for each in declared(settings_class(service)):
            monkeypatch.delenv(each.variable, raising=False)
            monkeypatch.delenv(f"{each.variable}_FILE", raising=False)
