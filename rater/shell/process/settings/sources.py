"""Sources of settings besides options: the environment, and a TOML file with a table for each service.

What a source cannot take is a fault, a sentence with the name of the setting and its place; the rest is taken, so that
all faults are told at once. No fault shows a secret.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from rater.secret import Secret, SecretError, read_secret, secret_of_file
from rater.shell.process.settings.declaration import Declared, declared
from rater.shell.process.settings.services import SERVICES, SHARED
from rater.wire.bounded_file import read_bounded
from rater.wire.demands import shown
from rater.wire.toml_text import TomlError
from rater.wire.toml_text import read_toml as read_toml_text
from topics.numerals import decimal_number, whole_number

SETTINGS_FILE_BYTES_MAX = 1_000_000
"""Of a settings file: a hundred times what all settings with their comments are."""
_TOML_TYPES: dict[str, tuple[type, ...]] = {
    "whole number": (int,),
    "number": (int, float),
    "switch": (bool,),
}
_CHECKS: dict[str, Callable[[str], object]] = {
    "whole number": whole_number,
    "number": decimal_number,
}


class Found(NamedTuple):
    """What a source has."""

    values: dict[str, Any]
    """By field."""
    places: dict[str, str]
    """Where each of them stands."""
    faults: list[str]
    refused: set[str]
    """Fields of which there is something, and it was not taken."""

    @classmethod
    def nothing(cls) -> "Found":
        """Begin."""
        return cls({}, {}, [], set())


class SettingsFileError(Exception):
    """The settings file cannot be read; the message names it."""


def of_environment(settings: type[BaseModel]) -> Found:
    """Read what the environment has; an empty variable says nothing."""
    found = Found.nothing()
    for each in declared(settings):
        if each.is_secret:
            _take_secret(found, each)
        elif text := os.environ.get(each.variable, "").strip():
            _take_text(found, each, text)
    return found


def _take_text(found: Found, each: Declared, text: str) -> None:
    """Take a text of the environment; a number is read as strictly as everywhere else."""
    found.places[each.field] = each.variable
    try:
        _CHECKS.get(each.kind, str)(text)
        found.values[each.field] = text.split() if each.kind == "list" else text
    except ValueError:
        found.faults.append(f"{each.variable} must be {each.must_be()}, found {text!r}")
        found.refused.add(each.field)


def _take_secret(found: Found, each: Declared) -> None:
    try:
        secret = read_secret(each.variable)
    except SecretError as error:
        found.faults.append(str(error))
        return
    if secret is not None:
        by_itself = os.environ.get(each.variable, "").strip()
        found.values[each.field] = secret
        found.places[each.field] = each.variable if by_itself else f"{each.variable}_FILE"


def of_file(settings: type[BaseModel], file: Path | str | None) -> Found:
    """Read a service's part of a settings file, and what it shares with others; SettingsFileError where it is none.

    Tables of other services are theirs to look at; whatever is in no table, or in one that nobody has, is a fault.
    """
    found = Found.nothing()
    if file is None:
        return found
    tables = read_toml(Path(file))
    known: dict[str, dict[str, Declared]] = {}
    for each in declared(settings):
        if each.table:
            known.setdefault(each.table, {})[each.key] = each
    all_tables = (*SHARED, *SERVICES)
    for name, entries in tables.items():
        if name not in all_tables:
            found.faults.append(f"{file}: {name}: {_unknown('table', name, all_tables)}")
        elif not isinstance(entries, dict):
            found.faults.append(f"{file}: {name} must be a table, [{name}]")
        elif name in known:
            _take_table(found, str(file), entries, known[name])
    return found


def read_toml(file: Path) -> dict[str, Any]:
    """Return the tables of a file; SettingsFileError where it cannot be read, or is no TOML."""
    try:
        text = read_bounded(file, SETTINGS_FILE_BYTES_MAX).decode("utf-8-sig")
        return read_toml_text(text.replace("\r\n", "\n"))
    except OSError as error:
        raise SettingsFileError(f"settings file {file}: {error.strerror}") from None
    except ValueError as error:
        # Of text that is no UTF-8 it would show the bytes.
        why = str(error) if isinstance(error, TomlError) else "not UTF-8"
        raise SettingsFileError(f"settings file {file}: not TOML: {why}") from None


def _take_table(
    found: Found, file: str, entries: Mapping[str, Any], known: Mapping[str, Declared]
) -> None:
    for key, value in entries.items():
        each = known.get(key)
        if each is None:
            found.faults.append(_unknown_key(file, key, known))
            continue
        place = f"{file}: {each.table}.{key}"
        if each.is_secret:
            _take_secret_file(found, each, place, value)
        elif _fits(each, value):
            found.values[each.field] = value
            found.places[each.field] = place
        else:
            found.faults.append(f"{place} must be {each.must_be()}, found {_found(value)}")
            found.refused.add(each.field)


def _found(value: object) -> str:
    """Return a value of TOML as Python shows it; what it cannot, as JSON is shown."""
    is_long = isinstance(value, int) and abs(value) >= 2**63
    return shown(value) if is_long else repr(value)


def _unknown_key(file: str, key: str, known: Mapping[str, Declared]) -> str:
    table = next(iter(known.values())).table
    if f"{key}_file" in known and known[f"{key}_file"].is_secret:
        return (
            f"{file}: {table}.{key}: a secret does not stand in this file; "
            f"{key}_file names a file that holds it"
        )
    return f"{file}: {table}.{key}: {_unknown('setting', key, known)}"


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name.replace("-", "_"), list(known), 1, 0.5)
    said = f"; the nearest known is {near[0]}" if near else f"; known are {', '.join(known)}"
    return f"no such {what}{said}"


def _take_secret_file(found: Found, each: Declared, place: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        found.faults.append(f"{place} must be the name of a file that holds the secret")
        return
    try:
        secret: Secret = secret_of_file(place, value)
    except SecretError as error:
        found.faults.append(str(error))
        return
    found.values[each.field] = secret
    found.places[each.field] = place


def _fits(each: Declared, value: Any) -> bool:
    """Say whether a value of TOML is of the kind; a number in quotes is none, nor is `true`."""
    if each.kind == "list":
        return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    kinds = _TOML_TYPES.get(each.kind, (str,))
    return isinstance(value, kinds) and isinstance(value, bool) == (each.kind == "switch")


class _Source(PydanticBaseSettingsSource):
    """A source that gives all fields at once."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Give nothing: pydantic asks for all at once."""
        return None, field_name, False


class Variables(_Source):
    """The environment."""

    def __call__(self) -> dict[str, Any]:
        """Return what it has."""
        return of_environment(self.settings_cls).values


class TomlFile(_Source):
    """The file that an option or the environment names."""

    def __call__(self) -> dict[str, Any]:
        """Return what it has."""
        return of_file(self.settings_cls, self.current_state.get("settings")).values
