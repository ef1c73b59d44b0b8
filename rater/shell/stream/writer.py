"""Writer: record batches of one partition, filled as their records are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rater.shell.stream import faust_private as private

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Record = tuple[bytes | None, bytes | None]
    Headers = Sequence[tuple[str, bytes]]


class Writer:
    """Fills one batch after another; how large one may be is the producer's setting."""

    def __init__(self, create: Callable[[], Any]) -> None:
        """`create` makes an empty batch."""
        self._create = create
        self._open: Any = None

    def append(self, records: Sequence[Record], headers: Headers = ()) -> list[Any]:
        """Append records, in order; return the batches that have become full."""
        # aiokafka's compiled builder takes a list and nothing else.
        headers = list(headers)
        full = []
        first = 0
        while first < len(records):
            begins = self._open is None
            if begins:
                self._open = self._create()
            builder = self._open
            taken = private.fill(builder, records, first, headers)
            # A batch takes its first record whatever its size.
            assert taken > first or not begins, "an empty batch refused a record"
            first = taken
            if first < len(records):
                full.append(self.take())
        return full

    def take(self) -> Any | None:
        """Return the batch that is open, closed; None where nothing waits."""
        builder, self._open = self._open, None
        if builder is not None:
            builder.close()
        return builder
