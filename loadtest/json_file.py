"""JSON file: a record of a load test in a file of its own, which says its format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

if TYPE_CHECKING:
    from pathlib import Path


class Formatted(Protocol):
    """What says of which format it is."""

    @property
    def format(self) -> int:
        """Return it."""


T = TypeVar("T", bound=Formatted)


def read(path: Path, kind: type[T], wanted: int, fault: type[Exception]) -> T:
    """Return the record of a file; `fault` names the file where it is none, or of another format."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise fault(f"{path}: {error.strerror or error}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise fault(f"{path}: {error}") from None
    if found.format != wanted:
        raise fault(f"{path}: format: must be {wanted}, found {found.format}")
    return found


def text_of(record: object) -> bytes:
    """Return a record as such a file has it, for people to read, too."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"
