"""Outputs: what a decision hands to the step, records of a topic in the order decided."""

from collections.abc import Iterable
from typing import Final, Protocol

from rater.wire.outputs import encode

_encode: Final = encode
Records = list[tuple[bytes | None, bytes | None]]
"""Key and value of each."""
Output = tuple[str, Records]
"""A topic and what is written to it."""


class OfTenant(Protocol):
    """A record that goes under its tenant's key."""

    @property
    def tenant_id(self) -> str:
        """The tenant."""


def encoded(said: Iterable[OfTenant]) -> Records:
    """Return records as they are written."""
    return [(each.tenant_id.encode(), _encode(each)) for each in said]
