"""Lines of a file, one at a time, none of them longer than what memory is kept for."""

from collections.abc import Iterator
from typing import BinaryIO

LINE_BYTES_MAX = 16 * 1024 * 1024
"""Of a line of a file that is read line by line: far more than any record has; of a longer one no more is kept."""


def bounded_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield number and text of each line; one that is longer than LINE_BYTES_MAX is cut to a byte more."""
    number = 0
    while line := file.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(line) > LINE_BYTES_MAX and not line.endswith(b"\n"):
            while (rest := file.readline(LINE_BYTES_MAX)) and not rest.endswith(b"\n"):
                pass
        yield number, line
