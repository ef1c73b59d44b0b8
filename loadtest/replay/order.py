"""Order: what was asked for, checked, and the replay that it comes to."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import uvloop

from loadtest.logins import read_file
from loadtest.progress import Progress
from loadtest.replay import histogram_log
from loadtest.replay.altering import Altering, Change, IdAffix
from loadtest.replay.anonymising import Anonymising, read_key
from loadtest.replay.columns import read_columns
from loadtest.replay.faults import ReplayError
from loadtest.replay.lateness import merged
from loadtest.replay.occupants import refuse_occupied
from loadtest.replay.outcome import Outcome, report
from loadtest.replay.prefixes import read_prefixes
from loadtest.replay.processes import perform
from loadtest.replay.pseudonyms import Pseudonyms
from loadtest.replay.reading import Choice, measure
from loadtest.replay.replaying import Replay, Tell
from loadtest.replay.schedule import Schedule, Shift, shift_ms
from loadtest.replay.sources import STANDARD_INPUT, Source, format_of
from loadtest.replay.spool import FORMAT, PREFIX, TopicRange
from loadtest.replay.tenants import TenantMap, TenantRewrite, read_tenants
from loadtest.topic_log import Span

INTERVAL_S = 10.0
"""Of the lines of a histogram log."""
MAP = "map"
REWRITE = "rewrite"
KEPT_DIGITS = 6
"""Of a number, where no deck says how many decide its price."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """The options of the command, by their names; None: not given."""

    file: str
    broker: str
    is_known: bool
    form: str | None
    columns: Path | None
    rate: float | None
    speed: float | None
    first: int
    count: int | None
    shift_time: str | None
    keep_weekdays: bool
    id_suffix: str
    tenants: str | None
    tenant_map: Path | None
    tenant_count: int
    anonymise: bool
    key_file: Path | None
    decks: tuple[Path, ...]
    keep_digits: int | None
    processes: int
    laps: int
    source_broker: str | None
    source_login: Path | None
    from_time: int | None
    until_time: int | None
    from_offsets: Mapping[int, int]
    until_offsets: Mapping[int, int]
    hdr: Path | None
    reporting_ms: int

    def check(self) -> None:
        """Raise ReplayError where what was asked for cannot be."""
        if self.rate is not None and self.speed is not None:
            raise ReplayError("--throughput and --speed: give one of them")
        if (self.tenants == MAP) != (self.tenant_map is not None):
            raise ReplayError("--tenants map and --tenant-map: one needs the other")
        if not self.anonymise and (self.key_file or self.decks or self.keep_digits is not None):
            raise ReplayError("--key-file, --deck and --keep-digits: they need --anonymise")
        self._check_source()
        if self.hdr is not None:
            if not self.schedule.is_open:
                raise ReplayError("--hdr: nothing is due without --throughput or --speed")
            histogram_log.check()
            check_writable(self.hdr)
        if not self.is_known:
            look(self.broker)

    def _check_source(self) -> None:
        if self.is_of_topic:
            return
        named = (self.source_broker, self.source_login, self.from_time, self.until_time)
        if any(each is not None for each in named) or self.from_offsets or self.until_offsets:
            raise ReplayError(f"--source-..., --from-... and --until-...: they need {PREFIX}TOPIC")
        if self.file != STANDARD_INPUT:
            return
        for name, is_asked in (
            ("--procs", self.processes > 1),
            ("--shift-time", self.shift_time is not None),
            ("--loop", self.laps != 1),
        ):
            if is_asked:
                raise ReplayError(
                    f"{name}: the file is read more than once, which standard input cannot be"
                )

    def perform(self) -> dict[str, Any]:
        """Replay it; return the report. ReplayError, CommandError, LoginError, KafkaError, OSError: it cannot be."""
        self.check()
        if not self.is_of_topic:
            columns = None if self.columns is None else read_columns(self.columns)
            return self._replayed(Source(self.file, self.form or format_of(self.file), columns))
        with tempfile.TemporaryDirectory(prefix="loadtest-replay-") as folder:
            unread = self._range().take(Path(folder))
            found = self._replayed(Source(folder, FORMAT))
        return found | {"left_out": found["left_out"] + unread}

    def _replayed(self, source: Source) -> dict[str, Any]:
        choice = Choice(source, self.first, self.count)
        total, shift = self._extent(choice)
        run = Replay(
            self.broker,
            choice,
            self.altering(),
            self.schedule,
            tenants=self.accounts,
            shift=shift,
            laps=self.laps,
            interval_s=None if self.hdr is None else INTERVAL_S,
        )
        what, every_s = f"replaying {self.file}", self.reporting_ms / 1_000
        with Progress(what, total * self.laps, "CDR", every_s) as progress:
            outcomes = perform(run, self.processes, self._tell(progress))
        if self.hdr is not None:
            self._write_histograms(self.hdr, outcomes)
        asked = {
            "file": self.file,
            "shift_ms": shift.after(0),
            "throughput": self.rate,
            "speed": self.speed,
        }
        return report(outcomes) | asked | {"processes": self.processes}

    def _tell(self, progress: Progress) -> Tell:
        def tell(done: int, late_s: float) -> None:
            progress.to(done, f"lag {late_s * 1_000:.0f} ms" if self.schedule.is_open else "")

        return tell

    def _write_histograms(self, path: Path, outcomes: list[Outcome]) -> None:
        ago_s = time.monotonic() - min(each.lateness.began_s for each in outcomes)
        began_ms = time.time_ns() // 1_000_000 - int(ago_s * 1_000)
        counts = merged(each.lateness for each in outcomes)
        histogram_log.write(path, counts, began_ms, INTERVAL_S)

    @cached_property
    def is_of_topic(self) -> bool:
        """Whether a topic is replayed."""
        return self.file.startswith(PREFIX)

    def _range(self) -> TopicRange:
        span = Span(self.from_time, self.until_time, self.from_offsets, self.until_offsets)
        login = None if self.source_login is None else read_file(self.source_login)
        topic = self.file.removeprefix(PREFIX)
        return TopicRange(self.source_broker or self.broker, topic, span, login)

    @cached_property
    def schedule(self) -> Schedule:
        """When each is due."""
        return Schedule(self.rate, self.speed)

    @cached_property
    def accounts(self) -> TenantMap | TenantRewrite | None:
        """Who is charged; None: the tenants of the file."""
        if self.tenants == REWRITE:
            return TenantRewrite(self.tenant_count)
        return None if self.tenant_map is None else read_tenants(self.tenant_map)

    def altering(self) -> Altering:
        """Return what is changed, times apart: last of all the ids, so that what was given stands behind them."""
        changes: list[Change] = []
        if self.anonymise:
            changes.append(Anonymising(self._pseudonyms()))
        if self.accounts is not None:
            changes.append(self.accounts)
        if self.id_suffix:
            changes.append(IdAffix(behind=self.id_suffix))
        return Altering(tuple(changes))

    def _pseudonyms(self) -> Pseudonyms:
        kept = self.keep_digits
        if kept is None:
            kept = 0 if self.decks else KEPT_DIGITS
        return Pseudonyms(read_key(self.key_file), read_prefixes(self.decks), kept)

    def _extent(self, choice: Choice) -> tuple[int, Shift]:
        """Return how many records there are, 0 where nobody knows, and by how much times are moved."""
        if choice.source.is_read_once:
            return 0, Shift()
        extent = measure(choice, self.accounts, has_times=self.shift_time is not None)
        if not self.shift_time:
            return extent.records, Shift()
        start_ms = shift_ms(self.schedule, extent, time.time_ns() // 1_000_000)
        return extent.records, Shift(start_ms, self.keep_weekdays)


def check_writable(path: Path) -> None:
    """Raise OSError where a file cannot be written, before anything is sent; make it where it is not there."""
    with path.open("a", encoding="utf-8"):
        pass


def look(broker: str) -> None:
    """Raise ReplayError where calls or payments could be somebody's in earnest."""
    if not is_own(broker):
        raise ReplayError(
            f"{broker} is another machine: calls are charged there, and payments may be made (--i-know)"
        )
    uvloop.run(refuse_occupied(broker))


def is_own(brokers: str) -> bool:
    """Say whether all of some addresses, host:port with commas between, are this machine's by their names alone."""
    hosts = [each.strip().rpartition(":")[0].strip("[]") for each in brokers.split(",")]
    return all(host == "localhost" or _is_loopback(host) for host in hosts)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
