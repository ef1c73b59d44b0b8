"""What was taken of a topic: by time, each partition in its order; and what of it can be replayed."""

from pathlib import Path

import click
import pytest

from loadtest.replay import spool
from loadtest.replay.bounds import instant, offsets
from loadtest.replay.sources import Source


def part(folder: Path, number: int, *records: tuple[int, bytes]) -> None:
    data = b"".join(spool._HEAD.pack(at_ms, len(value)) + value for at_ms, value in records)
    (folder / f"{number:05}").write_bytes(data)


def test_partitions_are_read_by_time_and_each_in_its_order(tmp_path: Path) -> None:
    part(tmp_path, 0, (10, b"a"), (40, b"b\nb"), (30, b"c"))
    part(tmp_path, 11, (20, b"d"), (35, b"e"), (50, b""))
    found = list(Source(str(tmp_path), spool.FORMAT).records())
    assert found == [b"a", b"d", b"e", b"b\nb", b"c", b""]


@pytest.mark.parametrize(
    ("value", "readable"),
    [(b'{"tenant_id":"a"}', True), (None, False), (b"{", False), (b'{"tenant_id":5}', False)],
)
def test_what_has_no_tenant_cannot_be_replayed(value: bytes | None, readable: bool) -> None:  # noqa: FBT001
    assert spool.is_readable(value) is readable


def test_bounds_are_read() -> None:
    assert instant("1970-01-01T01:00:01+01:00") == 1_000
    assert (offsets("0:1200,3:77"), offsets("")) == ({0: 1_200, 3: 77}, {})


@pytest.mark.parametrize("text", ["5", "0:1,", "0:-1", "a:1", "0:1:2"])
def test_offsets_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="must be partitions with their offsets"):
        offsets(text)


@pytest.mark.parametrize("text", ["now", "2026-11-02T09:00:00", ""])
def test_instants_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="must be an RFC 3339 time"):
        instant(text)
