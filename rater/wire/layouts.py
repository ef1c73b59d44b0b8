"""Layouts: what is said of a stored state that another release wrote. Never guess at money."""

import msgspec

from topics.catalog import CATALOG


class _Laid(msgspec.Struct, gc=False):
    layout: int | None = None


_read_laid = msgspec.json.Decoder(_Laid).decode


def unknown_layout(what: str, found: object, known: int) -> ValueError:
    """Return the error for a state whose layout is not the one that we write; None: it says none."""
    memories = ", ".join(topic.name for topic in CATALOG if topic.internal)
    return ValueError(
        f"{what} layout: must be {known}, found {'none' if found is None else found}: another release has written it. "
        f"To begin anew, stop all workers, delete the topics {memories} with the others, and run `rater topics create`"
    )


def first_byte(value: bytes) -> int | None:
    """Return the layout of a state that begins with it; None: it is empty."""
    return value[0] if value else None


def check_layout(what: str, value: bytes, known: int) -> None:
    """Refuse a record whose `layout` is another, with a ValueError; what is no JSON object passes."""
    try:
        found = _read_laid(value).layout
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return
    if found != known:
        raise unknown_layout(what, found, known)
