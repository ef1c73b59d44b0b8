"""Topic pages: every topic and each of its records and fields, from the catalog and the schemas."""

import json
from typing import Any

from deploy.reference.golden import golden
from deploy.reference.tables import cell, code, table, unit_of
from topics.catalog import CATALOG, Topic
from topics.handbook import retention
from topics.roles import named
from topics.schema import topic_schema

Schema = dict[str, Any]

_MIB = 1024 * 1024

_INTRO = """\
# Topics

What others may rely on: every topic, who writes it and who reads it, for how long it is kept, and each record with
its fields. The same facts for programs are in the package `topics`: JSON Schemas in `topics/schemas`, records that
must be accepted and records that must be refused in `topics/examples`. A topic that is *internal* may change without
notice.

Keys are partitioned as Java's client does (murmur2; [D16](../../decisions/D16-the-key-is-the-tenant.md)).
`rater topics create` makes the topics, `rater topics check` compares a broker with what stands here.

"""


def pages() -> dict[str, str]:
    """Return the text of each page by its path under docs/reference."""
    made = {f"topics/{topic.name}.md": _page(topic) for topic in CATALOG}
    return {"topics/index.md": _index(), **made}


def _index() -> str:
    rows = [
        (
            f"[`{topic.name}`]({topic.name}.md)" + (" (internal)" if topic.internal else ""),
            cell(topic.purpose),
            cell(named(topic.writers)),
            cell(named(topic.readers)),
            retention(topic),
        )
        for topic in CATALOG
    ]
    return _INTRO + table(("topic", "carries", "written by", "read by", "keeps"), rows)


def _page(topic: Topic) -> str:
    facts = [
        ("key", cell(str(topic.key))),
        ("written by", cell(named(topic.writers))),
        ("read by", cell(named(topic.readers))),
        ("partitions", str(topic.partitions)),
        ("keeps", retention(topic)),
        ("largest record", f"{topic.max_message_bytes // _MIB} MiB"),
        ("records distinguished by", code(topic.tag or "")),
        ("fields that we do not know", _unknown(topic)),
        ("settings of the broker", ", ".join(f"`{k}={v}`" for k, v in topic.config().items())),
    ]
    head = f"# {topic.name}\n\n{topic.purpose}\n\n"
    if topic.internal:
        head += "Internal: only Rater reads it, and it may change without notice.\n\n"
    head += table(("", ""), [fact for fact in facts if fact[1]])
    if not topic.records:
        return head
    schema = topic_schema(topic)
    examples = golden(topic)
    names = [*examples, *sorted(schema["$defs"].keys() - set(examples))]
    return head + "".join(
        _record(name, schema["$defs"][name], examples.get(name, [])) for name in names
    )


def _unknown(topic: Topic) -> str:
    if not topic.records:
        return ""
    return "kept and ignored: others write it" if topic.external else "refused"


def _record(name: str, schema: Schema, examples: list[Schema]) -> str:
    """Return the section of a record type, or of one inside another, which has no examples of its own."""
    text = f"\n## {name}\n\n{cell(schema.get('description', ''))}\n\n"
    if "properties" not in schema:
        return text + f"{_type(schema)} {_bounds(schema)}\n"
    required = schema.get("required", [])
    rows = [_field(field, about, required) for field, about in schema["properties"].items()]
    text += table(("field", "type", "allowed", "unit", "default", "meaning"), rows)
    for example in examples[:1]:
        text += f"\n```json\n{json.dumps(example, indent=2, ensure_ascii=False)}\n```\n"
    return text


def _field(name: str, about: Schema, required: list[str]) -> tuple[str, ...]:
    plain, is_optional = _without_null(about)
    default = "" if name in required else code(json.dumps(about.get("default")))
    return (
        code(name),
        _type(plain) + (" or null" if is_optional else ""),
        _bounds(plain),
        unit_of(name),
        default,
        cell(about.get("description") or plain.get("description") or ""),
    )


def _without_null(about: Schema) -> tuple[Schema, bool]:
    """Return the schema of a field without the null that it may be, and whether it may be."""
    choices = about.get("anyOf", [])
    others = [choice for choice in choices if choice != {"type": "null"}]
    if len(others) == 1:
        return {**{k: v for k, v in about.items() if k != "anyOf"}, **others[0]}, len(choices) > 1
    return about, False


def _type(about: Schema) -> str:
    if "$ref" in about:
        name = about["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    choices = about.get("anyOf") or about.get("oneOf") or about.get("allOf")
    if choices:
        return " or ".join(_type(choice) for choice in choices)
    kind = about.get("type", "text" if "const" in about or "enum" in about else "any")
    if kind == "array":
        return f"array of {_type(about.get('items', {}))}"
    if about.get("format") == "date-time":
        return "RFC 3339 with offset"
    kinds = kind if isinstance(kind, list) else [kind]
    return " or ".join("text" if each == "string" else each for each in kinds)


def _bounds(about: Schema) -> str:
    """Return what a value may be: choices, ends, lengths, pattern."""
    if "const" in about:
        return code(about["const"])
    if "enum" in about:
        return ", ".join(code(value) for value in about["enum"])
    parts = []
    low, high = about.get("minimum"), about.get("maximum")
    if low is not None or high is not None:
        parts.append(_span(low, high, "{:,}"))
    lengths = about.get("minLength"), about.get("maxLength")
    if about.get("format") != "date-time" and lengths != (None, None):
        parts.append(f"{_span(*lengths, '{:,}')} characters")
    items = about.get("minItems"), about.get("maxItems")
    if items != (None, None):
        parts.append(f"{_span(*items, '{:,}')} of them")
    if about.get("format") != "date-time" and "pattern" in about:
        parts.append(code(about["pattern"]))
    if about.get("type") == "array":
        inner = _bounds(about.get("items", {}))
        parts += [f"each {inner}"] if inner else []
    return "; ".join(parts)


def _span(low: int | None, high: int | None, form: str) -> str:
    if high is None:
        return f"at least {form.format(low)}"
    if low is None or low == high:
        return f"{'at most ' if low is None else ''}{form.format(high)}"
    return f"{form.format(low)} to {form.format(high)}"
