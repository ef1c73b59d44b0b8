"""Making: writes a load into a folder; nothing is kept in memory but what is expected."""

from __future__ import annotations

import gzip
import io
import shutil
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple, cast

from loadtest.accounts import rfc3339
from loadtest.allowances import LOAD_PLANS
from loadtest.arrivals import Occupancy
from loadtest.drive import by_topic
from loadtest.generate import Workload
from loadtest.loads import expectations
from loadtest.loads.faults import LoadError
from loadtest.loads.folder import (
    DECK,
    EXPECTED,
    FORMAT,
    PLANS,
    Act,
    BusiestHour,
    File,
    Manifest,
    knobs,
    sha256_of,
    write_manifest,
)
from loadtest.loads.lines import line_of
from loadtest.progress import Progress
from topics.catalog import ACCOUNT_SOURCES, CDR_RAW

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from loadtest.accounts import Record
    from loadtest.plan import Plan

Compression = Literal["none", "gz", "zst"]
_AT_ONCE = 1_000
_BUFFER_BYTES = 1 << 20


class Making(NamedTuple):
    """What to make, and where."""

    plan: Plan
    deck: Path
    partitions: int
    folder: Path
    compression: Compression = "none"


def make(making: Making) -> Manifest:
    """Write a load into its folder, which must not be there, or be empty; return what it is.

    LoadError where it cannot be made; its manifest comes last, so that one without has not been finished.
    """
    folder = making.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise LoadError(
                f"{folder}: must be empty, or not be there; a load is never written over"
            )
        return _Maker(making).manifest()
    except OSError as error:
        raise LoadError(f"{error.filename or folder}: {error.strerror or error}") from error


class _Maker:
    def __init__(self, making: Making) -> None:
        self.making = making
        self.folder = making.folder
        try:
            self.workload = Workload(making.plan, making.deck, making.partitions)
        except (ValueError, KeyError) as error:
            raise LoadError(f"{making.deck}: {error}") from error
        self.occupancy = Occupancy()
        self.names: list[str] = []

    def manifest(self) -> Manifest:
        """Write everything; return the manifest, which is written, too."""
        shutil.copyfile(self.making.deck, self.folder / DECK)
        self.names.append(DECK)
        if self.making.plan.plans != "none":
            shutil.copyfile(LOAD_PLANS, self.folder / PLANS)
            self.names.append(PLANS)
        acts = tuple(self._acts())
        (self.folder / EXPECTED).write_bytes(expectations.encode(self.workload.expected))
        self.names.append(EXPECTED)
        manifest = Manifest(
            FORMAT,
            knobs(self.making.plan),
            self.making.partitions,
            acts,
            self._busiest(),
            {name: sha256_of(self.folder / name) for name in self.names},
        )
        write_manifest(self.folder, manifest)
        return manifest

    def _acts(self) -> Iterator[Act]:
        opened = list(self.workload.commands())
        with Progress(f"generating {self.folder}", self.making.plan.cdrs) as progress:
            done = 0
            for number, act in enumerate(self.workload.acts(), 1):
                commands = self._commands(number, act.changes if number > 1 else opened)
                name = f"{number}-{CDR_RAW.name}"
                lines = self._counted(act.cdrs, progress, done)
                cdrs = self._write(name, CDR_RAW.name, lines)
                done += cdrs.records
                yield Act(commands, cdrs)

    def _commands(self, number: int, commands: list[Record]) -> tuple[File, ...]:
        found = by_topic(commands)
        return tuple(
            self._write(
                f"{number}-{topic.name}",
                topic.name,
                (value for _, _, value in found[topic.name] if value is not None),
            )
            for topic in ACCOUNT_SOURCES
            if topic.name in found
        )

    def _counted(self, records: Iterable[Record], progress: Progress, done: int) -> Iterator[bytes]:
        """Yield the lines of CDRs; count those that somebody answered."""
        for number, record in enumerate(records, done + 1):
            line = line_of(record, self.making.partitions)
            self._occupy(line)
            yield line
            if number % _AT_ONCE == 0:
                progress.to(number)
        progress.to(self.making.plan.cdrs)

    def _occupy(self, line: bytes) -> None:
        """Count a call by what its line says: a repeated one counts again, as it does for whoever takes the lines."""
        answered, ended = _instant(line, b'"answered_at":"'), _instant(line, b'"ended_at":"')
        if answered is not None and ended is not None:
            self.occupancy.add(answered, ended)

    def _busiest(self) -> BusiestHour | None:
        began_s, erlang, ended = self.occupancy.busiest()
        return BusiestHour(rfc3339(began_s), round(erlang, 1), ended) if ended else None

    def _write(self, stem: str, topic: str, lines: Iterable[bytes]) -> File:
        ending = "" if self.making.compression == "none" else f".{self.making.compression}"
        name = f"{stem}.jsonl{ending}"
        count = 0
        with _created(self.folder / name, self.making.compression) as file:
            for line in lines:
                file.write(line + b"\n")
                count += 1
        self.names.append(name)
        return File(name, topic, count)


@contextmanager
def _created(path: Path, compression: Compression) -> Iterator[IO[bytes]]:
    with path.open("wb", buffering=_BUFFER_BYTES) as plain:
        if compression == "gz":
            # Neither name nor time: the same records, the same bytes.
            with gzip.GzipFile("", "wb", fileobj=plain, mtime=0) as file:
                yield cast("IO[bytes]", file)
        elif compression == "zst":
            stream = arrow().CompressedOutputStream(plain, "zstd")
            with io.BufferedWriter(stream, _BUFFER_BYTES) as file:
                yield cast("IO[bytes]", file)
        else:
            yield plain


def arrow() -> Any:
    """Return pyarrow; LoadError where it is not installed."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - it is large, and needed for these alone.
    except ImportError:
        raise LoadError("zst needs pyarrow: pip install 'rater[export]'; or say gz") from None
    return pa


def _instant(line: bytes, name: bytes) -> int | None:
    """Return what a field of a line says, seconds since 1970; None where it says no instant."""
    at = line.find(name)
    if at < 0:
        return None
    begin = at + len(name)
    return _second(line[begin : line.find(b'"', begin)])


@lru_cache(65_536)
def _second(text: bytes) -> int | None:
    try:
        return int(datetime.fromisoformat(text.decode()).timestamp())
    except ValueError:
        return None
