r"""JSON Schemas (2020-12) of every topic's value, generated from the record types.

`python -m topics.schema --write` makes the files and the README's tables, `--check` says which are
stale (exit 1). msgspec makes the schemas; here they are put into the words of JSON Schema: patterns
are written for ECMA 262 (Python's `$` also matches before a last line feed, its `\Z` is unknown there).
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from msgspec import Struct
from msgspec.json import schema_components

from topics.catalog import CATALOG, Topic
from topics.handbook import with_tables

Schema = dict[str, Any]
Orders = dict[frozenset[Any], tuple[Any, ...]]
"""The values of each Literal, as they are declared, by their set."""

FOLDER = Path(__file__).parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def topic_schema(topic: Topic) -> Schema:
    """Return the schema of a topic's value: its record type, or one of several."""
    references, definitions = schema_components(topic.records, ref_template="#/$defs/{name}")
    orders = _orders(topic.records)
    for definition in definitions.values():
        definition["description"] = " ".join(definition.get("description", "").split())
        definition["additionalProperties"] = topic.external
        definition["properties"] = {
            name: _field(said, orders) for name, said in definition["properties"].items()
        }
    return {
        "$schema": DIALECT,
        "$id": f"urn:rater:topic:{topic.name}",
        "title": topic.name,
        "description": topic.purpose,
        **(references[0] if len(references) == 1 else {"oneOf": list(references)}),
        "$defs": dict(sorted(definitions.items())),
    }


def _orders(records: tuple[type, ...]) -> Orders:
    """Return the values of every Literal in records, and inside them, in the order in which they are declared."""
    found: Orders = {}
    waiting: list[Any] = list(records)
    seen = []
    while waiting:
        hint = waiting.pop()
        if get_origin(hint) is Literal:
            found[frozenset(get_args(hint))] = get_args(hint)
        elif isinstance(hint, type) and issubclass(hint, Struct):
            if hint not in seen:
                seen.append(hint)
                waiting += get_type_hints(hint, include_extras=True).values()
        else:
            waiting += get_args(hint)
    return found


def _field(said: Schema, orders: Orders) -> Schema:
    """Return the schema of a field; of one that may be null, the description stands outside the choice."""
    made: Schema = _in_json_schemas_words(said, orders)
    for choice in made.get("anyOf", ()):
        if "description" in choice:
            made = {"description": choice.pop("description"), **made}
    return made


def _in_json_schemas_words(said: Any, orders: Orders) -> Any:
    """Return what msgspec says of a type, all the way down, as JSON Schema has it."""
    if isinstance(said, list):
        return [_in_json_schemas_words(each, orders) for each in said]
    if not isinstance(said, dict):
        return said
    made = {key: _in_json_schemas_words(each, orders) for key, each in said.items()}
    if "pattern" in made:
        # At the end: of several faults the first is told, and a length says more than a pattern.
        made["pattern"] = made.pop("pattern").removesuffix(r"\Z").removesuffix("$") + "$"
    if "enum" in made:
        # msgspec sorts them.
        values = orders[frozenset(made.pop("enum"))]
        one = {"const": values[0]} if len(values) == 1 else {"enum": list(values)}
        kind = "string" if isinstance(values[0], str) else "integer"
        made = {"type": kind, **one, **made}
    return made


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
