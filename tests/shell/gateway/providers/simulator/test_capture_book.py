"""The book is its owner's alone: it says who pays how much, with what."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rater.shell.gateway.providers.simulator.capture_book import CaptureBook, Terms
from tests.shell.gateway.commands import command


@pytest.fixture(autouse=True)
def open_handed() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()}


def written(path: Path) -> CaptureBook:
    book = CaptureBook(path)
    with book.writing():
        book.write(command(), Terms(1, "USD", captured_at_ms=1), 1)
    return book


def test_a_new_book_is_its_owners_alone(tmp_path: Path) -> None:
    book = written(tmp_path / "book")

    found = modes(tmp_path)
    book.close()
    assert {"book": 0o600, "book-wal": 0o600, "book-shm": 0o600} == found


def test_a_book_of_before_becomes_so_with_what_lies_beside_it(tmp_path: Path) -> None:
    first = written(tmp_path / "book")
    for each in tmp_path.iterdir():
        each.chmod(0o666)
    second = CaptureBook(tmp_path / "book")

    found = modes(tmp_path)
    first.close()
    second.close()
    assert {0o600} == set(found.values())
    assert 3 == len(found)
