"""Progress: what is being done, and how far it has come.

A bar on a terminal, else a line every few seconds, on standard error.
"""

import sys
import time
from types import TracebackType
from typing import NoReturn, Self

from tqdm import tqdm

LINE_EVERY_S = 5.0


def say(text: str = "") -> None:
    """Tell the person at the terminal, on standard output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Progress:
    """How far one long thing has come. Use it as a context."""

    def __init__(self, what: str, total: int, unit: str = "CDR") -> None:
        """Name the thing and how much of it there is."""
        self.what = what
        self.total = total
        self.done = 0
        self._terminal = sys.stderr.isatty()
        self._bar: tqdm[NoReturn] = tqdm(
            total=total,
            desc=what,
            unit=f" {unit}",
            unit_scale=True,
            leave=False,
            disable=not self._terminal,
        )
        self._next_line_s = time.monotonic() + LINE_EVERY_S

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar off the terminal."""
        self._bar.close()

    def to(self, done: int) -> None:
        """Say how much is done now; less than before is taken for as much."""
        more = done - self.done
        if more > 0:
            self._bar.update(more)
            self.done = done
        if not self._terminal and time.monotonic() >= self._next_line_s:
            self._next_line_s = time.monotonic() + LINE_EVERY_S
            sys.stderr.write(f"  {self.what}: {self.done:,} of {self.total:,}\n")
