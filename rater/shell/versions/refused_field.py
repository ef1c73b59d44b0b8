"""The field that made a record of a shared topic unusable, as a label: a writer's own words would be without bound."""

import re

import msgspec

from topics.topic import Topic

_FIRST = re.compile(r"[a-z_]+")
KEY, VALUE, OTHER = "key", "value", "other"


def refused_field(detail: str, topic: Topic) -> str:
    """Return the first field that a detail names; of what is no field of the topic's records `other`."""
    found = _FIRST.match(detail)
    name = "" if found is None else found[0]
    return name if name in refusable_fields(topic) else OTHER


def refusable_fields(topic: Topic) -> list[str]:
    """Return all that `refused_field` may say of a topic."""
    names = {f.encode_name for record in topic.records for f in msgspec.structs.fields(record)}
    return sorted({*names, KEY, VALUE, OTHER})
