"""Difference: one thing on the topics that is not as it must be."""

from typing import NamedTuple

SHOWN_MAX = 200


class Difference(NamedTuple):
    """What was expected and what was found; `offset` is that of the record at fault, None where one is missing."""

    proof: str
    topic: str
    partition: int
    offset: int | None
    key: str
    field: str
    expected: str
    found: str

    def __str__(self) -> str:
        """Say it in one line."""
        where = f"{self.topic}/{self.partition}"
        if self.offset is not None:
            where += f"/{self.offset}"
        return (
            f"{self.proof}: {where}, key {self.key}: {self.field}: "
            f"expected {self.expected}, found {self.found}"
        )


class Complaint(NamedTuple):
    """A difference before it is known where: field, expected, found."""

    field: str
    expected: object
    found: object


def difference(
    proof: str, place: tuple[str, int, int | None], key: bytes | str | None, complaint: Complaint
) -> Difference:
    """Make a difference of a complaint; values are cut short, `place` is topic, partition, offset."""
    if isinstance(key, bytes):
        key = key[:SHOWN_MAX].decode(errors="backslashreplace")
    shown = "none" if key is None else show(key)
    return Difference(
        proof, *place, shown, complaint.field, show(complaint.expected), show(complaint.found)
    )


def show(value: object) -> str:
    """Return a value as text, cut short."""
    if isinstance(value, bytes | str):
        value = value[: SHOWN_MAX + 1]
    text = "nothing" if value is None else value if isinstance(value, str) else repr(value)
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 3] + "..."
