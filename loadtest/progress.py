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

    def __init__(
        self, what: str, total: int, unit: str = "CDR", line_every_s: float = LINE_EVERY_S
    ) -> None:
        """Name the thing and how much of it there is; 0: nobody knows."""
        self.what = what
        self.total = total
        self.done = 0
        self._terminal = sys.stderr.isatty()
        self._bar: tqdm[NoReturn] = tqdm(
            total=total or None,
            desc=what,
            unit=f" {unit}",
            unit_scale=True,
            leave=False,
            disable=not self._terminal,
        )
        self._line_every_s = line_every_s
        self._began_s = time.monotonic()
        self._next_line_s = self._began_s + line_every_s

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

    def to(self, done: int, note: str = "") -> None:
        """Say how much is done now, and what is to be noted; less than before is taken for as much."""
        more = done - self.done
        if more > 0:
            if note:
                self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(more)
            self.done = done
        if not self._terminal and (now_s := time.monotonic()) >= self._next_line_s:
            self._next_line_s = now_s + self._line_every_s
            whole = f" of {self.total:,}" if self.total else ""
            rate = f", {self.done / (now_s - self._began_s):,.0f} a second"
            behind = f", {note}" if note else ""
            sys.stderr.write(f"  {self.what}: {self.done:,}{whole}{rate}{behind}\n")
