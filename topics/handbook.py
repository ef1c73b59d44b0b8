"""The tables of topics/README.md, generated from the catalog between their markers."""

import re
from collections.abc import Iterable

from topics.catalog import CATALOG, Topic
from topics.roles import ROLES, Role, named
from topics.topic import DAY_MS

_MIB = 1024 * 1024
_MARKED = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def retention(topic: Topic) -> str:
    """Say how long the topic keeps a record: days, permanently, or the latest of each key."""
    return "the latest of each key" if topic.cleanup == "compact" else kept_for(topic.retention_ms)


def kept_for(time_ms: int) -> str:
    """Say how long a record is kept: whole days, or milliseconds where it is none, or permanently."""
    if time_ms < 0:
        return "permanently"
    return f"{time_ms} ms" if time_ms % DAY_MS else f"{time_ms // DAY_MS} days"


def _topics_table() -> str:
    head = (
        "| topic | carries | key | partitions | keeps | largest record | written by | read by |\n"
        "|---|---|---|---|---|---|---|---|\n"
    )
    return head + "".join(
        f"| `{topic.name}`{' (internal)' if topic.internal else ''} | {topic.purpose} "
        f"| {topic.key} | {topic.partitions} | {retention(topic)} "
        f"| {topic.max_message_bytes // _MIB} MiB "
        f"| {named(topic.writers)} | {named(topic.readers)} |\n"
        for topic in CATALOG
    )


def _records_table() -> str:
    head = (
        "| topic | record type | distinguished by | unknown fields | meaning |\n"
        "|---|---|---|---|---|\n"
    )
    return head + "".join(
        f"| `{topic.name}` | `{record.__name__}` | {_told_apart(topic)} "
        f"| {'kept, ignored' if topic.external else 'none'} | {first_line(record)} |\n"
        for topic in CATALOG
        for record in topic.records
    )


def _told_apart(topic: Topic) -> str:
    if topic.tag:
        return f"`{topic.tag}`"
    return "its fields" if len(topic.records) > 1 else ""


def first_line(record: type) -> str:
    """Return what the docstring of a record type says first, as a cell of a table."""
    return (record.__doc__ or "").strip().splitlines()[0].replace("|", "\\|")


def _roles_table() -> str:
    head = (
        "| role | principal | consumer group | transactional ids | writes | reads |\n"
        "|---|---|---|---|---|---|\n"
    )
    return head + "".join(
        f"| {role} | `{role.principal}` | {_code(role.group)} | {_ids(role)} "
        f"| {_topics(t for t in CATALOG if role in t.writers)} "
        f"| {_topics(t for t in CATALOG if role in t.readers)} |\n"
        for role in ROLES
    )


def _ids(role: Role) -> str:
    """Write a beginning of transactional ids with an ellipsis, a whole one without."""
    ids = role.transactional_ids
    return _code(f"{ids}…" if ids and role.has_many_ids else ids)


def _code(text: str | None) -> str:
    return "" if text is None else f"`{text}`"


def _topics(topics: Iterable[Topic]) -> str:
    return ", ".join(f"`{topic.name}`" for topic in topics)


_TABLES = {"topics": _topics_table, "roles": _roles_table, "records": _records_table}


def with_tables(text: str) -> str:
    """Return the README's text with every marked table made again; an unknown mark is a KeyError."""
    return _MARKED.sub(lambda m: f"{m[1]}{_TABLES[m[2]]()}{m[3]}", text)
