"""Golden records: the lines of topics/examples that must be accepted, by record type."""

import json
from pathlib import Path
from typing import Any

from topics.catalog import Topic
from topics.schema import topic_schema

ROOT = Path(__file__).resolve().parents[2]
Schema = dict[str, Any]


def golden(topic: Topic) -> dict[str, list[dict[str, Any]]]:
    """Return the golden records of each record type of a topic, in the order in which they stand."""
    found: dict[str, list[dict[str, Any]]] = {record.__name__: [] for record in topic.records}
    path = ROOT / "topics" / "examples" / f"{topic.name}.valid.jsonl"
    if not found or not path.exists():
        return found
    schemas = topic_schema(topic)["$defs"]
    for line in path.read_text(encoding="utf-8").splitlines():
        example = json.loads(line)
        for name, examples in found.items():
            if _is_of(example, schemas[name], topic):
                examples.append(example)
    return found


def _is_of(record: Schema, schema: Schema, topic: Topic) -> bool:
    if len(topic.records) == 1:
        return True  # What others write may have fields that we do not know.
    if topic.tag:
        return bool(schema["properties"][topic.tag].get("const") == record.get(topic.tag)
                    or record.get(topic.tag) in schema["properties"][topic.tag].get("enum", []))  # fmt: skip
    known = set(schema["properties"])
    return set(record) <= known and set(schema.get("required", [])) <= set(record)
