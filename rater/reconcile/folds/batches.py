"""Batches: which batch read a source record, by the manifests of one source topic."""

from bisect import bisect_right

from rater.reconcile.folds.books import Manifest


class Batches:
    """The batches of one source topic in the order of the log."""

    def __init__(self, manifests: list[Manifest]) -> None:
        """Take the manifests of one source topic."""
        self.manifests = manifests
        self._by_range = sorted(
            range(len(manifests)), key=lambda i: manifests[i].header.first_offset
        )
        self._firsts = [manifests[i].header.first_offset for i in self._by_range]
        self.next_offset = max((each.header.next_offset for each in manifests), default=0)
        """Where the last batch ended, 0 without batches."""
        self._found: tuple[int, int, int] = (0, 0, 0)
        """From where to where the answer is the one given last, and which it is: most are asked for in order."""

    def locate(self, offset: int) -> int | None:
        """Return the index of the batch that covers a source offset, None where none does."""
        first, end, found = self._found
        if first <= offset < end:
            return found
        at = bisect_right(self._firsts, offset) - 1
        if at < 0:
            return None
        found, end = self._by_range[at], self.manifests[self._by_range[at]].header.next_offset
        if offset >= end:
            return None
        # Two may overlap: the later one is right from where it begins.
        self._found = self._firsts[at], min([end, *self._firsts[at + 1 : at + 2]]), found
        return found

    @property
    def first_offset(self) -> int | None:
        """Return where the first known batch began, None without batches."""
        return self._firsts[0] if self._firsts else None
