"""Lines of a file are read one at a time, however long somebody makes one of them."""

import io

import pytest

from rater.cli import bounded_lines as module


def test_a_line_that_is_too_long_is_cut_and_the_next_one_is_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LINE_BYTES_MAX", 4)
    file = io.BytesIO(b"abcd\n" + b"x" * 21 + b"\n\nabc\nlast")

    found = list(module.bounded_lines(file))

    assert found == [(1, b"abcd\n"), (2, b"xxxxx"), (3, b"\n"), (4, b"abc\n"), (5, b"last")]
