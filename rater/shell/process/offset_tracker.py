"""The offset tracker: up to where every record of a partition is finished, whatever the order they finish in."""


class OffsetTracker:
    """Records of one partition that are at work. Offsets may have gaps: markers of transactions lie between them."""

    def __init__(self) -> None:
        self._at_work: dict[int, int | None] = {}
        self._last = -1
        self._next: int | None = None
        self._committed: int | None = None

    @property
    def begun(self) -> bool:
        """Whether it is known from where this partition is read on."""
        return self._next is not None

    def begin(self, committed: int) -> None:
        """Note what is committed of a partition of which nothing has been read yet."""
        self._next = self._committed = committed

    def read_up_to(self, offset: int) -> None:
        """Note that before an offset lies nothing but what was started: markers of transactions are no work."""
        self._next = max(self._next or 0, offset)

    def start(self, offset: int, at_ms: int | None = None) -> None:
        """Note that a record, of this time, is at work; records start in the order of their offsets."""
        assert offset > self._last, f"offset {offset} after {self._last}"
        if self._next is None:
            self._committed = offset
        self._at_work[offset] = at_ms
        self._last, self._next = offset, offset + 1

    def finish(self, offset: int) -> None:
        """Note that all of a record's work is done, and acknowledged."""
        del self._at_work[offset]

    @property
    def at_work(self) -> int:
        """How many records are started and not finished."""
        return len(self._at_work)

    @property
    def oldest_ms(self) -> int | None:
        """The time of the first record that is at work; None where there is none, or it has no time."""
        return next(iter(self._at_work.values()), None)

    @property
    def position(self) -> int | None:
        """The offset to continue from after a crash; None while nothing was read."""
        return next(iter(self._at_work), self._next)

    def due(self) -> int | None:
        """Return the position if it is not committed yet."""
        return None if self.position == self._committed else self.position

    def committed(self, position: int) -> None:
        """Note what the broker has taken down."""
        self._committed = position
