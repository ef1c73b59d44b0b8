"""JSON Schemas (2020-12) of every topic's value, generated from the record types.

`python -m topics.schema --write` makes the files and the README's tables, `--check` says which are
stale (exit 1). Patterns are anchored and written for ECMA 262, as JSON Schema asks; Python's `$`
also matches before a last line feed.
"""

import argparse
import json
import sys
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from topics.catalog import CATALOG, Topic
from topics.fields import About, Items, Range, Text, Timestamp, Wire
from topics.handbook import with_tables

Schema = dict[str, Any]

FOLDER = Path(__file__).parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"
TIMESTAMP_PATTERN = (
    r"(20[0-9]{2}|2100)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
_PLAIN: dict[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
}


def anchored(pattern: str) -> str:
    """Return the pattern so that it must match a value as a whole."""
    return f"^(?:{pattern})$"


def topic_schema(topic: Topic) -> Schema:
    """Return the schema of a topic's value: its record type, or one of several."""
    definitions: dict[str, Schema] = {}
    for record in topic.records:
        _define(record, definitions, is_open=topic.external)
    references = [{"$ref": f"#/$defs/{record.__name__}"} for record in topic.records]
    return {
        "$schema": DIALECT,
        "$id": f"urn:rater:topic:{topic.name}",
        "title": topic.name,
        "description": topic.purpose,
        **(references[0] if len(references) == 1 else {"oneOf": references}),
        "$defs": dict(sorted(definitions.items())),
    }


def _define(record: type, definitions: dict[str, Schema], *, is_open: bool) -> None:
    """Add a record type, and those inside it, to the definitions."""
    assert is_dataclass(record), record
    hints = get_type_hints(record, include_extras=True)
    properties = {}
    required = []
    for item in fields(record):
        hint = hints[item.name]
        name = _wire_name(item.name, hint)
        properties[name] = _render(hint, definitions, is_open=is_open) | _default(item)
        if not properties[name].keys() & {"default"}:
            required.append(name)
    definitions[record.__name__] = {
        "title": record.__name__,
        "description": " ".join((record.__doc__ or "").split()),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": is_open,
    }


def _wire_name(name: str, hint: object) -> str:
    """Return the field's name on the wire; the mark may lie inside an optional type."""
    for part in (hint, *get_args(hint)):
        for mark in getattr(part, "__metadata__", ()):
            if isinstance(mark, Wire):
                return mark.name
    return name


def _default(item: "Field[object]") -> Schema:
    """Return the field's default as a keyword; nothing where the field is required."""
    if item.default is MISSING:
        return {}
    return {"default": list(item.default) if isinstance(item.default, tuple) else item.default}


def _render(hint: Any, definitions: dict[str, Schema], *, is_open: bool) -> Schema:
    """Return the schema of a field's type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and origin is None:
        return _render_class(hint, definitions, is_open=is_open)
    if origin is Annotated:
        return _constrain(_render(arguments[0], definitions, is_open=is_open), hint.__metadata__)
    if origin is Literal:
        return {"type": "string", **_choice(arguments)}
    if origin in (Union, UnionType):
        return _optional(arguments, definitions, is_open=is_open)
    if origin is list:
        return {"type": "array", "items": _render(arguments[0], definitions, is_open=is_open)}
    if origin is dict:
        values = _render(arguments[1], definitions, is_open=is_open)
        return {"type": "object", "additionalProperties": values}
    message = f"no schema is known for the type {hint!r}"
    raise TypeError(message)


def _render_class(hint: type, definitions: dict[str, Schema], *, is_open: bool) -> Schema:
    """Return the schema of a plain type, or the reference to a record type inside another."""
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    _define(hint, definitions, is_open=is_open)
    return {"$ref": f"#/$defs/{hint.__name__}"}


def _choice(values: tuple[str, ...]) -> Schema:
    return {"const": values[0]} if len(values) == 1 else {"enum": list(values)}


def _optional(
    arguments: tuple[Any, ...], definitions: dict[str, Schema], *, is_open: bool
) -> Schema:
    """Return the schema of `T | None`: first T, then null, the description outside."""
    (inner,) = (argument for argument in arguments if argument is not NoneType)
    schema = _render(inner, definitions, is_open=is_open)
    about = schema.pop("description", None)
    described = {} if about is None else {"description": about}
    return {**described, "anyOf": [schema, {"type": "null"}]}


def _constrain(schema: Schema, marks: tuple[object, ...]) -> Schema:
    """Add what the marks of an annotated type say; of two equal keywords the later one wins."""
    for mark in marks:
        schema |= _keywords(mark)
    return schema


def _keywords(mark: object) -> Schema:
    """Return the keywords of one mark."""
    match mark:
        case Range(minimum, maximum):
            return {"minimum": minimum, "maximum": maximum}
        case Items(maximum, minimum):
            return {"maxItems": maximum} | ({"minItems": minimum} if minimum else {})
        case Text(maximum, minimum, pattern):
            bounds: Schema = {"minLength": minimum} if minimum else {}
            bounds["maxLength"] = maximum
            return bounds | ({"pattern": anchored(pattern)} if pattern else {})
        case Timestamp():
            return {"format": "date-time", "pattern": anchored(TIMESTAMP_PATTERN)}
        case About(text):
            return {"description": text}
        case _:
            return {}


def generated(folder: Path = FOLDER) -> dict[Path, str]:
    """Return every generated file of the package and its text as it should be."""
    files = {
        folder / "schemas" / f"{topic.name}.json": json.dumps(topic_schema(topic), indent=2) + "\n"
        for topic in CATALOG
        if topic.records
    }
    handbook = folder / "README.md"
    files[handbook] = with_tables(handbook.read_text(encoding="utf-8"))
    return files


def stale(folder: Path = FOLDER) -> list[Path]:
    """Return the files that differ from what the record types say, and those without a topic."""
    files = generated(folder)
    wrong = [
        path
        for path, text in files.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    return wrong + [path for path in (folder / "schemas").glob("*.json") if path not in files]


def write(folder: Path = FOLDER) -> list[Path]:
    """Write the stale files, remove those that have no topic, and return both."""
    files = generated(folder)
    changed = stale(folder)
    for path in changed:
        if path in files:
            path.parent.mkdir(exist_ok=True)
            path.write_text(files[path], encoding="utf-8")
        else:
            path.unlink()
    return changed


def main(arguments: list[str] | None = None) -> int:
    """Write or check the generated files; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m topics.schema", description=__doc__)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true", help="write the files that are stale")
    mode.add_argument("--check", action="store_true", help="name the files that are stale; exit 1")
    options = parser.parse_args(arguments)
    paths = write() if options.write else stale()
    verb = "written" if options.write else "stale (run python -m topics.schema --write)"
    for path in paths:
        sys.stdout.write(f"{path.relative_to(FOLDER.parent)}: {verb}\n")
    return int(options.check and bool(paths))


if __name__ == "__main__":
    sys.exit(main())
