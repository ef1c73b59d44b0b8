"""A file is read up to its bound, and no further."""

from pathlib import Path

import pytest

from rater.wire.bounded_file import read_bounded


def test_a_file_of_as_many_bytes_is_read_and_one_more_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")

    assert read_bounded(file, 5) == b"12345"
    with pytest.raises(OSError, match="file") as wrong:
        read_bounded(file, 4)
    assert wrong.value.strerror == "must have at most 4 bytes, found more"


def test_a_device_without_end_is_not_read_to_it() -> None:
    with pytest.raises(OSError, match="must have at most 10 bytes"):
        read_bounded(Path("/dev/zero"), 10)
