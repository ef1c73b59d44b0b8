"""Schemas: decoders compiled from the record types of `topics.records`, with every bound they state.

A decoder refuses what the topic's JSON Schema refuses: a missing, unknown or wrongly typed field, a value out of its
bounds, an unknown kind. It does so at the speed of msgspec, which jsonschema does not reach by a factor of 100.
"""

from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import cache, reduce
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from topics.catalog import BY_NAME, Topic
from topics.fields import Items, Range, Text


def decoder_of(topic: Topic) -> Callable[[bytes], Any]:
    """Return the strict decoder of a topic's values; it raises msgspec.MsgspecError or ValueError.

    What it returns has the attributes of the record type, and the tag of its kind as an attribute.
    """
    return _decoder(topic.name)


@cache
def _decoder(name: str) -> Callable[[bytes], Any]:
    topic = BY_NAME[name]
    kinds = [_struct(record, topic.tag, is_open=topic.external) for record in topic.records]
    union = reduce(or_, kinds)
    return msgspec.json.Decoder(union).decode


def decoder_of_record(record: type) -> Callable[[bytes], Any]:
    """Return the strict decoder of one record type that has no tag."""
    return msgspec.json.Decoder(_struct(record, None, is_open=False)).decode


@cache
def _struct(record: type, tag_field: str | None, *, is_open: bool) -> Any:
    """Compile a record type; the tag field of a kind becomes msgspec's, and a class attribute."""
    assert is_dataclass(record), record
    hints = get_type_hints(record, include_extras=True)
    tag = get_args(hints[tag_field])[0] if tag_field in hints else None
    columns = []
    for item in fields(record):
        if tag is not None and item.name == tag_field:
            continue
        hint = _type(hints[item.name], is_open=is_open)
        columns.append(
            (item.name, hint) if item.default is MISSING else (item.name, hint, item.default)
        )
    return msgspec.defstruct(
        record.__name__,
        columns,
        tag_field=None if tag is None else tag_field,
        tag=tag,
        kw_only=True,
        forbid_unknown_fields=not is_open,
        namespace={} if tag_field is None or tag is None else {tag_field: tag},
        gc=False,
    )


def _type(hint: Any, *, is_open: bool) -> Any:
    """Return a field's type with msgspec's constraints."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _constrained(_type(arguments[0], is_open=is_open), hint.__metadata__)
    if origin in (Union, UnionType):
        inner = next(argument for argument in arguments if argument is not NoneType)
        return _type(inner, is_open=is_open) | None
    if origin is list:
        return list[_type(arguments[0], is_open=is_open)]  # type: ignore[misc]
    if origin is Literal or origin is dict:
        return hint
    is_record = isinstance(hint, type) and is_dataclass(hint)
    return _struct(hint, None, is_open=is_open) if is_record else hint


def _constrained(kind: Any, marks: tuple[object, ...]) -> Any:
    """Annotate a type with what the marks say; of two equal bounds the later one wins."""
    bounds: dict[str, Any] = {}
    for mark in marks:
        match mark:
            case Range(minimum, maximum):
                bounds |= {"ge": minimum, "le": maximum}
            case Items(maximum, minimum):
                bounds |= {"min_length": minimum, "max_length": maximum}
            case Text(maximum, minimum, pattern):
                bounds |= {"min_length": minimum, "max_length": maximum}
                bounds |= {} if pattern is None else {"pattern": rf"^(?:{pattern})\Z"}
    return Annotated[kind, msgspec.Meta(**bounds)] if bounds else kind
