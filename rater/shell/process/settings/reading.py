"""Reading settings: all of a service's at once, each with where it came from, or all that is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rater.shell.process.settings.declaration import Declared, declared
from rater.shell.process.settings.service import ServiceSettings
from rater.shell.process.settings.services import SERVICES
from rater.shell.process.settings.sources import Found, of_environment, of_file

S = TypeVar("S", bound=ServiceSettings)


class WrongSettingsError(Exception):
    """Settings are wrong; `faults` has a sentence for each, with its name and place, and shows no secret."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Origin(NamedTuple):
    """Where a value came from: option, environment, file or default; and under which name there."""

    source: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[S]):
    """Settings, and where each came from, by field."""

    settings: S
    origins: Mapping[str, Origin]


def settings_class(service: str) -> type[ServiceSettings]:
    """Return the settings class of a service."""
    module, _, name = SERVICES[service].partition(":")
    found: type[ServiceSettings] = getattr(import_module(module), name)
    return found


def read(settings: type[S], given: Mapping[str, Any]) -> Reading[S]:
    """Read the settings of a service; `given` are its options by field.

    Raises WrongSettingsError, and SettingsFileError where the settings file cannot be read.
    """
    by_variable = of_environment(settings)
    file = given.get("settings", by_variable.values.get("settings"))
    by_file = of_file(settings, file)
    by_name = {each.field: each for each in declared(settings)}
    origins = {name: _origin(each, given, by_variable, by_file) for name, each in by_name.items()}
    faults = [*by_variable.faults, *by_file.faults]
    try:
        made = settings(**given)
    except ValidationError as error:
        told = _told(error, by_name, origins)
        faults += [
            said for name, said in told.items() if name not in by_file.refused | by_variable.refused
        ]
        raise WrongSettingsError(faults) from None
    if not faults:
        faults = [_placed(text, origins[name]) for name, text in made.contradictions()]
    if faults:
        raise WrongSettingsError(faults)
    return Reading(settings=made, origins=origins)


def _origin(each: Declared, given: Mapping[str, Any], by_variable: Found, by_file: Found) -> Origin:
    if each.field in given:
        return Origin("option", each.option or "")
    if each.field in by_variable.places:
        return Origin("environment", by_variable.places[each.field])
    if each.field in by_file.places:
        return Origin("file", by_file.places[each.field])
    return Origin("default", "")


def _told(
    error: ValidationError, by_name: Mapping[str, Declared], origins: Mapping[str, Origin]
) -> dict[str, str]:
    """Return a sentence for each field that is wrong, by its name."""
    first: dict[str, ErrorDetails] = {}
    for each in error.errors(include_url=False):
        first.setdefault(str(each["loc"][0]), each)
    return {name: _fault(each, by_name[name], origins[name]) for name, each in first.items()}


def _fault(error: ErrorDetails, each: Declared, origin: Origin) -> str:
    if error["type"] == "missing":
        return (
            f"{each.shown_name()} must be set, or {each.variable}, or {each.key} in [{each.table}]"
        )
    reason = error.get("ctx", {}).get("error")
    if isinstance(reason, ValueError):
        return f"{origin.place}: {reason}"
    found = "" if each.is_secret else f", found {error['input']!r}"
    return f"{origin.place} must be {each.must_be()}{found}"


def _placed(sentence: str, origin: Origin) -> str:
    """Say where a value stands, unless the sentence does."""
    is_said = not origin.place or origin.place in sentence
    return sentence if is_said else f"{sentence} ({origin.place})"
