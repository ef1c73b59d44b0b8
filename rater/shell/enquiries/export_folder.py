"""Export folder: what has been exported, said by the names of its files alone, so that a run that was killed goes on.

Rule 1: a file is named by topic, partition and offsets, from the first until before the last: what it has, and where
        the next one begins.
Rule 2: it is written aside, under a name that begins with a dot, and renamed once it is whole and on the disk. What
        lies aside when a run begins is thrown away.
Rule 3: where each partition began is written down first (`export.json`), and so is the form; another one is refused.
Rule 4: one run at a time has the folder.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from rater.shell.enquiries.enquiry import EnquiryError

BEGINNING: Final = "export.json"
_NAME: Final = re.compile(r"(.+)\.p([0-9]{3,})\.([0-9]{12,})-([0-9]{12,})\.(parquet|csv)")
_PARTITION: Final = re.compile(r"[0-9]{1,9}")
_ASIDE: Final = ".aside-"


class ExportError(EnquiryError):
    """The folder is not what it must be; the message says what to do."""


class Beginning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an export is, and where it began."""

    topic: str
    form: str
    since_ms: int | None
    starts: dict[str, int]
    """The first offset of each partition."""


@dataclass(frozen=True, slots=True)
class ExportFolder:
    """A folder that is being exported to; made by `opened`."""

    path: Path
    topic: str
    form: str

    def beginning(self) -> Beginning | None:
        """Return where the export began; None: it has not."""
        place = self.path / BEGINNING
        if not place.exists():
            return None
        try:
            found = msgspec.json.decode(place.read_bytes(), type=Beginning)
        except (msgspec.MsgspecError, UnicodeDecodeError, OSError) as error:
            raise ExportError(f"{place}: cannot be read: {error}; name another folder") from error
        for partition, first in found.starts.items():
            if not _PARTITION.fullmatch(partition) or first < 0:
                raise ExportError(
                    f"{place}: starts: must be partitions with their first offsets, found {partition[:40]!r}: {first}; "
                    "name another folder"
                )
        for name in ("topic", "form"):
            if getattr(found, name) != getattr(self, name):
                raise ExportError(
                    f"{place}: {name} is {getattr(found, name)}, not {getattr(self, name)}; name another folder"
                )
        return found

    def begin(self, beginning: Beginning) -> None:
        """Write down where an export begins."""
        aside = self.path / f"{_ASIDE}{BEGINNING}"
        aside.write_bytes(msgspec.json.encode(beginning))
        self._publish(aside, BEGINNING)

    def next_offsets(self, beginning: Beginning) -> dict[int, int]:
        """Return where each partition goes on; ExportError where a file is missing in between."""
        found = {int(partition): start for partition, start in beginning.starts.items()}
        for partition, first, until, name in sorted(self._files()):
            if found.get(partition) != first:
                raise ExportError(
                    f"{self.path / name}: begins at offset {first}, the files before it end at {found.get(partition)}: "
                    "some are missing, or were put there; name another folder"
                )
            found[partition] = until
        return found

    def aside(self, partition: int) -> Path:
        """Return where a file is written until it is whole: under a name that no pattern of `*.parquet` has."""
        return self.path / f"{_ASIDE}p{partition:03}"

    def keep(self, aside: Path, partition: int, first: int, until: int) -> str:
        """Give a file that is whole its name; return it."""
        name = f"{self.topic}.p{partition:03}.{first:012}-{until:012}.{self.form}"
        self._publish(aside, name)
        return name

    def _publish(self, aside: Path, name: str) -> None:
        """Have a file on the disk, then under its name; and that on the disk, too."""
        with aside.open("rb") as written:
            os.fsync(written.fileno())
        aside.replace(self.path / name)
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _files(self) -> Iterator[tuple[int, int, int, str]]:
        for path in self.path.iterdir():
            if path.name.startswith(".") or path.name == BEGINNING:
                continue
            match = _NAME.fullmatch(path.name)
            if match is None or (match[1], match[5]) != (self.topic, self.form):
                raise ExportError(f"{path}: is no file of this export; name another folder")
            yield int(match[2]), int(match[3]), int(match[4]), path.name


@contextmanager
def opened(path: Path, topic: str, form: str) -> Iterator[ExportFolder]:
    """Have a folder for oneself, and throw away what a run before left half written."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = (path / ".lock").open("w")
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ExportError(f"{path}: another export is at work in it") from error
        for left in path.glob(f"{_ASIDE}*"):
            try:
                left.unlink()
            except OSError as error:
                why = f"{left}: cannot be thrown away ({error.strerror}); remove it, or name another folder"
                raise ExportError(why) from error
        yield ExportFolder(path, topic, form)
