"""Layouts: what is said of a stored state that another release wrote. Never guess at money."""

from topics.catalog import CATALOG


def unknown_layout(what: str, value: bytes, known: int) -> ValueError:
    """Return the error for a state whose first byte, its layout, is not the one that we write."""
    memories = ", ".join(topic.name for topic in CATALOG if topic.internal)
    return ValueError(
        f"{what} layout: must be {known}, found {value[0] if value else 'none'}: another release has written it. "
        f"To begin anew, stop all workers, delete the topics {memories} with the others, and run `rater topics create`"
    )
