"""Declaration of a setting: a field of a settings class, with all that is said of it anywhere.

`setting` declares it. `declared` returns of each field what operators see: its option, its variable, its key in the
settings file, what it must be, its unit and its default. Names follow from the field's: `budget_s` of the gateway is
`--budget`, `RATER_GATEWAY_BUDGET`, and `budget` in `[gateway]`; the unit is seconds.
"""

import json
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from rater.secret import Secret
from rater.shell.process.settings.services import SHARED

UNITS: Final = {"_s": "seconds"}
"""By the end of a field's name."""

Kind = Literal["text", "whole number", "number", "switch", "choice", "file", "list", "secret"]
_KINDS: Final[dict[Any, Kind]] = {
    bool: "switch",
    int: "whole number",
    float: "number",
    Path: "file",
    Secret: "secret",
}


class Names(NamedTuple):
    """How a setting is called where its field's name does not say it; None: as the rule has it."""

    name: str | None = None
    table: str | None = None
    """Of the settings file; `""`: it stands in none."""
    variable: str | None = None
    option: str | None = None
    metavar: str | None = None
    unit: str | None = None
    told_default: str | None = None
    """What help says instead of the value."""


_AS_A_RULE: Final = Names()


def setting(
    default: Any, about: str, names: Names = _AS_A_RULE, *, low: float | None = None,
    high: float | None = None,
) -> Any:  # fmt: skip
    """Declare a setting: its default (`...`: it must be given), what it means, and its bounds, both allowed."""
    return Field(
        default, ge=low, le=high, description=about, validate_default=default is not ...,
        json_schema_extra={"names": names._asdict()},
    )  # fmt: skip


def written(value: Any) -> str:
    """Return a value as it is written in a settings file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(written(each) for each in value)}]"
    return json.dumps(str(value), ensure_ascii=False)


class Declared(NamedTuple):
    """A setting as operators see it."""

    field: str
    name: str
    """Its key in the settings file; of a secret, the key is this with `_file`."""
    table: str
    variable: str
    option: str | None
    """None: it is a secret, and anybody on the machine can read a command line."""
    kind: Kind
    choices: tuple[str, ...]
    low: float | None
    high: float | None
    unit: str
    default: Any
    """As it is written by operators; None: not set, or required."""
    required: bool
    about: str
    metavar: str | None
    told_default: str | None

    @property
    def is_secret(self) -> bool:
        """Say whether no text may show it."""
        return self.kind == "secret"

    @property
    def key(self) -> str:
        """Return its key in its table of the settings file."""
        return f"{self.name}_file" if self.is_secret else self.name

    def shown_name(self) -> str:
        """Return how messages call it where it was not given: its option, or its variable."""
        return self.option or self.variable

    def must_be(self) -> str:
        """Say what its value must be."""
        if self.kind == "choice":
            return f"one of {', '.join(self.choices)}"
        if self.kind in ("number", "whole number"):
            return f"a {self.kind}{self.bounds()}"
        article = "" if self.kind == "text" else "a "
        names = {"switch": "true or false", "file": "file that is there", "list": "list of texts"}
        return (article if self.kind != "switch" else "") + names.get(self.kind, self.kind)

    def bounds(self) -> str:
        """Return the bounds of a number, with a blank before them."""
        ends = [(" from {}", self.low), (" to {}", self.high)]
        return "".join(form.format(f"{end:g}") for form, end in ends if end is not None)


@cache
def declared(settings: type[BaseModel]) -> tuple[Declared, ...]:
    """Return the settings of a class by tables: its own first, then those that it shares."""
    fields = settings.model_fields
    table = getattr(settings, "table", "")
    shared = {
        name for base in settings.__mro__[1:] if issubclass(base, BaseModel)
        for name in (base.model_fields if base is not BaseModel else ())
        if name in fields and base.__module__ == "rater.shell.process.settings.service"
    }  # fmt: skip
    ordered = [name for name in fields if name not in shared]
    ordered += [name for name in fields if name in shared]
    found = [_declared(name, fields[name], table) for name in ordered]
    tables = (table, *SHARED, "")
    return tuple(sorted(found, key=lambda each: tables.index(each.table)))


def _declared(field: str, info: FieldInfo, table: str) -> Declared:
    extra = info.json_schema_extra
    assert isinstance(extra, dict), field
    names = Names(**extra["names"])  # type: ignore[arg-type]
    table = table if names.table is None else names.table
    kind, choices = _kind(info.annotation)
    unit = next((told for end, told in UNITS.items() if field.endswith(end)), "")
    bare = field.removesuffix("_s") if unit else field
    name = names.name or bare.removeprefix(f"{table}_")
    option = names.option or f"--{bare.replace('_', '-')}"
    ends = {type(each): each for each in info.metadata if isinstance(each, Ge | Le)}
    low, high = ends.get(Ge), ends.get(Le)
    return Declared(
        field=field,
        name=name,
        table=table,
        variable=names.variable or f"RATER_{table}_{name}".upper(),
        option=None if kind == "secret" else option,
        kind=kind,
        choices=choices,
        low=_end(low.ge) if isinstance(low, Ge) else None,
        high=_end(high.le) if isinstance(high, Le) else None,
        unit=names.unit or unit,
        default=None if info.is_required() else info.default,
        required=info.is_required(),
        about=info.description or "",
        metavar=names.metavar,
        told_default=names.told_default,
    )


def _end(bound: Any) -> float:
    return bound if isinstance(bound, int) else float(bound)


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    """Return the kind of a field, and what may be chosen from."""
    if get_origin(annotation) is Annotated:
        return _kind(get_args(annotation)[0])
    given = [each for each in get_args(annotation) if each is not NoneType]
    if NoneType in get_args(annotation) and len(given) == 1:
        return _kind(given[0])
    if get_origin(annotation) is Literal:
        return "choice", tuple(get_args(annotation))
    if get_origin(annotation) is tuple:
        return "list", ()
    return _KINDS.get(annotation, "text"), ()
