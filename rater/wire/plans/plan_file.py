"""Plan file: a plan catalog as people write it, in TOML, and the fields of the record that it makes.

Rule 1: what has an id is a table under its id: plans, allowances, zones, sharing groups; chains by direction and call
        type. The order of the file is the order of the record.
Rule 2: an allowance says `minutes` or `seconds`.
Rule 3: what the record must have stays absent where the file has it not, and what is of a wrong type stays as it is:
        whoever checks the record says so.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, time
from typing import Any

from rater.wire.demands import MISSING, at_least, at_most, must_be, shown
from rater.wire.plans.toml_faults import toml_faults
from rater.wire.toml_text import TomlError, read_toml
from topics.records.plans import ALLOWANCE_S_MAX

PLAN_FILE_BYTES_MAX = 2_000_000
"""Of a plan file: twice what the largest catalog has as a record, so that there is room for comments."""
MINUTE_S = 60
_TABLES = ("plans", "zones", "sharing_groups")
_ITEM = re.compile(r"(\w+)\[(\d+)\]")
_IDS = {
    "plans": "plan_id",
    "allowances": "allowance_id",
    "zones": "zone_id",
    "sharing_groups": "group_id",
}
_UNWRITTEN = {
    "plans": ("plan_id",),
    "allowances": ("allowance_id",),
    "zones": ("zone_id", "countries"),
    "sharing_groups": ("group_id", "countries"),
    "chains": ("call_type", "sources"),
}
"""Fields of the record that the file writes as an id, or as what stands under one."""
MINUTES_MAX = ALLOWANCE_S_MAX // MINUTE_S
_A_TABLE = must_be("a table")


class PlanFileError(ValueError):
    """A file that makes no record; one line for each thing that is wrong."""

    def __init__(
        self, shapes: list[str], values: Sequence[str] = (), fields: dict[str, Any] | None = None
    ) -> None:
        """`shapes`: what makes no record; `values`: what is wrong in one; `fields`: what could be read all the same."""
        super().__init__("\n".join((*shapes, *values)))
        self.shapes = shapes
        self.values = list(values)
        self.fields = fields
        """Without what is wrong; None where the file is no TOML."""


def read_plan_file(content: bytes) -> dict[str, Any]:
    """Return the fields of a record, but version and instant; raise `PlanFileError` where it has no shape of one."""
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise PlanFileError([f"not UTF-8 at byte {error.start + 1}"]) from error
    try:
        given = read_toml(text)
    except TomlError as error:
        raise PlanFileError([f"not TOML: {each}" for each in toml_faults(text)]) from error
    shapes, values = list(_misshapen(given)), [*_misvalued(given), *_foreign("", given)]
    fields = _fields(_without_foreign(given))
    if shapes or values:
        raise PlanFileError(shapes, values, fields)
    return fields


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of the record; what has not the shape for it is left out."""
    fields = {name: value for name, value in given.items() if name not in {*_TABLES, "chains"}}
    if isinstance(given.get("plans"), dict):
        fields["plans"] = [_plan(plan_id, said) for plan_id, said in _tables(given["plans"])]
    for name in ("zones", "sharing_groups"):
        if isinstance(given.get(name), dict):
            listed = given[name].items()
            fields[name] = [{_IDS[name]: key, "countries": those} for key, those in listed]
    if isinstance(given.get("chains"), dict):
        fields["chains"] = [
            {"call_type": call_type, "sources": sources, "direction": direction}
            for direction, chains in _tables(given["chains"])
            for call_type, sources in chains.items()
        ]
    return fields


def people_path(path: str, fields: dict[str, Any]) -> str:
    """Return the path of a field of the record as it stands in the file: by ids instead of places.

    >>> people_path("zones[0].countries[1]", {"zones": [{"zone_id": "zone_a", "countries": ["FR", "?"]}]})
    'zones.zone_a[1]'
    """
    here: Any = fields
    said: list[str] = []
    owner = ""
    for part in path.split("."):
        item = _ITEM.fullmatch(part)
        field = item[1] if item else part
        if (owner, field) == ("chains", "direction"):
            return f"chains.{here[field]}"
        here = here.get(field) if isinstance(here, dict) else None
        if field in _UNWRITTEN.get(owner, ()):
            said[-1] += part.removeprefix(field)
        elif item is None or not isinstance(here, list):
            said.append(part)
        else:
            owner, here = field, here[int(item[2])]
            name = _name_of(field, here)
            said.append(part if name is None else f"{field}.{name}")
    return ".".join(said)


def _name_of(what: str, item: Any) -> str | None:
    if not isinstance(item, dict):
        return None
    if what == "chains":
        return f"{item['direction']}.{item['call_type']}"
    name: str | None = item.get(_IDS.get(what, ""))
    return name


def _plan(plan_id: str, said: dict[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in said.items() if name != "allowances"}
    fields = {**others, "plan_id": plan_id}
    if isinstance(said.get("allowances"), dict):
        fields["allowances"] = [
            {**_in_seconds(each), "allowance_id": name}
            for name, each in _tables(said["allowances"])
        ]
    return fields


def _in_seconds(said: dict[str, Any]) -> dict[str, Any]:
    others = {name: value for name, value in said.items() if name != "minutes"}
    minutes = said.get("minutes")
    if "seconds" in said or type(minutes) is not int or not 1 <= minutes <= MINUTES_MAX:
        return others
    return {**others, "seconds": minutes * MINUTE_S}


def _tables(value: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the tables in a table, and nothing else that is in it."""
    for name, each in value.items():
        if isinstance(each, dict):
            yield name, each


def _without_foreign(value: Any) -> Any:
    """Return a value with nothing where something stands that JSON has not: it is said to be wrong there."""
    if isinstance(value, dict):
        return {name: _without_foreign(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_foreign(each) for each in value]
    return None if _is_foreign(value) else value


def _misshapen(given: dict[str, Any]) -> Iterator[str]:
    """Say what must be a table and is none."""
    for name in (*_TABLES, "chains"):
        if name in given:
            yield from _no_table(name, given[name])
    for direction, chains in _items(given.get("chains")):
        yield from _no_table(f"chains.{direction}", chains)
    for plan_id, plan in _items(given.get("plans")):
        path = f"plans.{plan_id}"
        yield from _no_table(path, plan)
        if "allowances" in dict(_items(plan)):
            yield from _no_table(f"{path}.allowances", plan["allowances"])
            for allowance_id, allowance in _items(plan["allowances"]):
                yield from _no_table(f"{path}.allowances.{allowance_id}", allowance)


def _misvalued(given: dict[str, Any]) -> Iterator[str]:
    """Say what is written twice, and minutes that are no number of them."""
    for plan_id, plan in _tables(dict(_items(given.get("plans")))):
        path = f"plans.{plan_id}"
        yield from _id_inside(path, "plan_id", plan)
        for allowance_id, allowance in _tables(dict(_items(plan.get("allowances")))):
            name = f"{path}.allowances.{allowance_id}"
            yield from _id_inside(name, "allowance_id", allowance)
            if (wrong := _of_minutes(allowance)) is not None:
                yield f"{name}.minutes: {wrong}"


def _of_minutes(allowance: dict[str, Any]) -> str | None:
    if "minutes" not in allowance:
        return None if "seconds" in allowance else f"{MISSING}, and so is seconds"
    minutes = allowance["minutes"]
    if "seconds" in allowance:
        return f"must not stand beside seconds, found {_shown(minutes)}"
    if type(minutes) is int and _is_foreign(minutes):
        return None
    if type(minutes) is not int:
        return f"{must_be('an integer')}, found {_shown(minutes)}"
    if 1 <= minutes <= MINUTES_MAX:
        return None
    return f"{at_least(1) if minutes < 1 else at_most(MINUTES_MAX)}, found {minutes}"


def _id_inside(path: str, name: str, said: Any) -> Iterator[str]:
    if name in dict(_items(said)):
        yield f"{path}.{name}: must be left out: the table is named by it"


def _no_table(path: str, value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {_A_TABLE}, found {_shown(value)}"


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()


def _is_foreign(value: Any) -> bool:
    """Say whether TOML has something that the record has not: a date, a time, an integer of more than 64 bits."""
    return isinstance(value, date | time) or (type(value) is int and abs(value) >= 2**63)


def _foreign(path: str, value: Any) -> Iterator[str]:
    """Say where such a thing stands."""
    if isinstance(value, date | time):
        yield f"{path}: must not be a date or a time, found {value.isoformat()}"
    elif _is_foreign(value):
        yield f"{path}: must be an integer of at most 19 digits, found {shown(value)}"
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _foreign(f"{path}.{name}" if path else name, each)
    elif isinstance(value, list):
        for n, each in enumerate(value):
            yield from _foreign(f"{path}[{n}]", each)


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, date | time) else shown(value)
