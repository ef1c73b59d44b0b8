"""Pieces of a batch: so many of its records as are read, decided and encoded before the next ones are touched."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

PIECE_RECORDS = 1_024
"""Records that are read, decided and encoded before the next ones are touched: what a piece makes stays in the
processor's cache, what a batch of 5,000 makes does not. Smaller ones cost more than they gain: to look up 256 ids
costs 0.4 us each, 1,024 ids 0.18 us (tests/bench_core.py --piece). Others run between two pieces."""
PIECE_BYTES = 1 << 20
"""Bytes of a piece; a larger record comes alone. The slowest to read take some 20 ms."""


class _Valued(Protocol):
    @property
    def value(self) -> bytes | None: ...


R = TypeVar("R", bound=_Valued)


def pieces(
    records: Sequence[R], records_max: int = PIECE_RECORDS, bytes_max: int = PIECE_BYTES
) -> Iterator[Sequence[R]]:
    """Cut a batch into pieces; where it is cut changes nothing but speed and memory."""
    for first in range(0, len(records), records_max):
        yield from _light(records[first : first + records_max], bytes_max)


def _light(piece: Sequence[R], bytes_max: int) -> Iterator[Sequence[R]]:
    """Halve a piece until each is light enough, or one record."""
    half = len(piece) // 2
    if half and sum([len(record.value or b"") for record in piece]) > bytes_max:
        yield from _light(piece[:half], bytes_max)
        yield from _light(piece[half:], bytes_max)
    else:
        yield piece
