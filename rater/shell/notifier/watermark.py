"""The watermark of a partition: the offset below which every record taken has been handled, in whatever order."""


class Watermark:
    """Offsets taken in order and handled in any; a topic's offsets have gaps."""

    def __init__(self) -> None:
        """Nothing has been taken."""
        self._open: dict[int, None] = {}
        self._after_last = 0

    @property
    def waiting(self) -> int:
        """How many records are taken and not handled."""
        return len(self._open)

    @property
    def next_offset(self) -> int:
        """The offset to commit: the first that is not handled, or the one after the last."""
        return next(iter(self._open), self._after_last)

    def take(self, offset: int) -> None:
        """Take a record; each lies behind the one before."""
        assert offset >= self._after_last, f"offset {offset} after {self._after_last - 1}"
        self._open[offset] = None
        self._after_last = offset + 1

    def handled(self, offset: int) -> None:
        """Note that a record needs nothing more."""
        del self._open[offset]

    def read_up_to(self, offset: int) -> None:
        """Note that nothing lies before an offset but what was taken: markers of transactions are never taken."""
        self._after_last = max(self._after_last, offset)
