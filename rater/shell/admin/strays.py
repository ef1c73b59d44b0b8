"""Strays: fields of a record that its declaration does not have, which workers pass over in silence.

A misspelt optional field is one: the record is read, and what the field was to say is lost. Workers must go on passing
them over, since topics that others write may carry what is not ours (`topics/README.md`); who sends by hand is told.
"""

import re
from collections.abc import Iterator
from typing import Any

from rater.shell.admin.validation import Problem, RecordCheck, joined
from rater.wire.demands import shown, unknown_field
from topics.catalog import Topic

PASSED_OVER = "workers pass it over"
_INDEX = re.compile(r"\[\d+\]")


class StrayCheck:
    """Finds the strays of one topic's records."""

    def __init__(self, topic: Topic, check: RecordCheck | None = None) -> None:
        """Take the topic's schemas, compiled already or not."""
        self._check = check or RecordCheck(topic)
        self._told: set[tuple[str | None, str]] = set()

    def strays(self, record: object) -> list[Problem]:
        """Return a problem for each stray, those inside of fields too; none of a record whose type is not known."""
        schema = self._check.schema_of(record)
        return [] if schema is None else list(_strays(schema, record, schema["$defs"], ""))

    def new_strays(self, record: object) -> list[Problem]:
        """Return those that no record of the same type had before, wherever in a list: each is told once."""
        fresh = []
        for stray in self.strays(record):
            name = self._check.type_of(record), _INDEX.sub("[]", stray.field)
            if name not in self._told:
                self._told.add(name)
                fresh.append(stray)
        return fresh


def _strays(
    schema: dict[str, Any], value: object, definitions: dict[str, Any], path: str
) -> Iterator[Problem]:
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    for choice in schema.get("anyOf", ()):
        yield from _strays(choice, value, definitions, path)
    if isinstance(value, list) and "items" in schema:
        for n, item in enumerate(value):
            yield from _strays(schema["items"], item, definitions, f"{path}[{n}]")
    fields = schema.get("properties")
    if fields is None or not isinstance(value, dict):
        return
    for name, inner in value.items():
        if name in fields:
            yield from _strays(fields[name], inner, definitions, joined(path, name))
        else:
            yield Problem(joined(path, name), shown(inner), unknown_field(name, fields))
