"""Books: a log decoded, once, for all proofs.

A record that cannot be decoded, breaks its schema, or lies under a wrong key or in a wrong partition (D16) is a
difference here; the proofs see what is left.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from rater.reconcile.difference import Complaint, Difference, difference
from rater.reconcile.folds.account_state import AccountState, Head, read_account
from rater.reconcile.reading.log import Log, Record, Slice
from rater.reconcile.reading.schemas import decoder_of
from rater.reconcile.reading.sources import SourceCdr, SourceCommand, read_cdr, read_command
from topics import catalog
from topics import records as r
from topics.keys import user_key
from topics.manifests import check_ids, split_manifest
from topics.partitioner import partition_of
from topics.records.balance import AnyEvent
from topics.records.recycling import CallDropped

BalanceEntry = (
    r.Charge
    | r.ChargeReversed
    | r.AccountOpened
    | r.FundsAdded
    | r.ThresholdsSet
    | r.Adjusted
    | r.ReversalPosted
    | r.RestorationPosted
    | r.AccountClosed
    | r.AccountReopened
    | r.CreditsOpened
    | r.DecksSet
    | r.DeckWarning
    | r.EntitlementsSet
    | r.BillingModeSet
    | r.BillingStateChanged
    | r.UserSet
    | r.LotExpired
    | r.LotForfeited
    | r.LotExpiryWarned
    | r.AutoRechargeSet
    | r.PaymentMethodsSet
    | r.RecipientsSet
    | r.SpendLimitsSet
    | r.TimeZoneSet
    | r.SpendLimitTripped
    | r.RechargeResumed
    | r.BalanceCarriedForward
)
LedgerEntry = BalanceEntry | r.CommandRejected | CallDropped
"""The types are those of the published language; what is held has their attributes (`schemas`)."""

BalanceEvent = AnyEvent
RECORDS = "records"
KEYS = "keys"
CDRS, COMMANDS = catalog.CDR_RAW.name, catalog.ACCOUNT_COMMANDS.name
TIMERS = catalog.ACCOUNT_TIMERS.name
ORDERS = tuple(topic.name for topic in catalog.ACCOUNT_SOURCES)
"""Where account commands come from."""
SOURCES = (CDRS, *ORDERS)
"""In the order of an account's applied offsets."""


UNASKED = (
    "lot_expired",
    "lot_forfeited",
    "lot_expiry_warned",
    "spend_limit_tripped",
    "deck_warning",
    "billing_state_changed",
)
"""The kinds of entry that no command asks for, and that are not what becomes of a CDR."""


UNNUMBERED = ("command_rejected", "call_dropped")
"""The kinds of entry that change no account, and take no number of one."""


class Manifest(NamedTuple):
    """One batch: where its manifest lies, its header and its packed ids."""

    offset: int
    header: r.BatchManifest
    ids: bytes


class Stored(NamedTuple):
    """One account as a changelog record says it; `head` and `state` None: it was removed."""

    offset: int
    head: Head | None
    state: AccountState | None


@dataclass(slots=True)
class Books:
    """All decoded records of a log, each list in the order of offsets."""

    log: Log
    ledger: dict[int, LedgerEntry] = field(default_factory=dict)
    statuses: list[tuple[int, r.AccountStatus]] = field(default_factory=list)
    user_statuses: list[tuple[int, r.UserStatus]] = field(default_factory=list)
    events: list[tuple[int, BalanceEvent]] = field(default_factory=list)
    suspense: list[tuple[Record, r.Suspended]] = field(default_factory=list)
    dead: list[tuple[Record, r.Dead]] = field(default_factory=list)
    ended: list[tuple[Record, r.DeadEnded]] = field(default_factory=list)
    """How dead letters ended, those of recharge's topic, too."""
    accounts: dict[str, list[Stored]] = field(default_factory=dict)
    manifests: dict[str, list[Manifest]] = field(default_factory=dict)
    sources: dict[str, dict[int, Record]] = field(default_factory=dict)
    cdrs: dict[int, SourceCdr] = field(default_factory=dict)
    commands: dict[str, dict[int, SourceCommand]] = field(default_factory=dict)
    """By topic and offset."""
    faults: list[Difference] = field(default_factory=list)

    @property
    def partition(self) -> int:
        """Return the number of the partition."""
        return self.log.partition

    def start(self, topic: str) -> int:
        """Return the offset below which records of a topic are gone."""
        return self.log.slice(topic).start

    def is_whole(self, topic: str) -> bool:
        """Say whether no record of a topic has been deleted."""
        return self.start(topic) == 0


def read_books(log: Log) -> Books:
    """Decode a log."""
    books = Books(log)
    reader = _Reader(books)
    reader.ledger()
    reader.statuses()
    reader.user_statuses()
    reader.events()
    reader.letters()
    reader.accounts()
    reader.manifests()
    reader.sources()
    return books


class _Reader:
    """Fills books; what it cannot fill in becomes a fault of them."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.placed: set[bytes] = set()

    def ledger(self) -> None:
        name = catalog.LEDGER.name
        for record, entry in self._decoded(catalog.LEDGER, decoder_of(catalog.LEDGER)):
            self.books.ledger[record.offset] = entry
            strays = entry.kind == "command_rejected" and entry.reason == "misrouted"
            self._check_key(name, record, entry.tenant_id, strays=strays)

    def statuses(self) -> None:
        for record, status in self._decoded(
            catalog.ACCOUNT_STATUS, decoder_of(catalog.ACCOUNT_STATUS)
        ):
            self.books.statuses.append((record.offset, status))
            self._check_key(catalog.ACCOUNT_STATUS.name, record, status.tenant_id)

    def user_statuses(self) -> None:
        topic = catalog.USER_STATUS
        for record, status in self._decoded(topic, decoder_of(topic)):
            self.books.user_statuses.append((record.offset, status))
            key, tenant = user_key(status.tenant_id, status.user_id), status.tenant_id.encode()
            right = (key, partition_of(tenant, self.books.log.partitions))
            found = (record.key, self.books.partition)
            if found != right:
                self._fault(KEYS, topic.name, record, ("key, partition", right, found))

    def events(self) -> None:
        for record, event in self._decoded(
            catalog.BALANCE_EVENTS, decoder_of(catalog.BALANCE_EVENTS)
        ):
            self.books.events.append((record.offset, event))
            self._check_key(catalog.BALANCE_EVENTS.name, record, event.tenant_id)

    def letters(self) -> None:
        """Read suspense records, dead letters, whose keys are those of their sources, and how these ended."""
        self.books.suspense += self._decoded(catalog.SUSPENSE, decoder_of(catalog.SUSPENSE))
        self.books.dead += self._decoded(catalog.DEAD, decoder_of(catalog.DEAD))
        self.books.ended += self._decoded(catalog.DEAD_ENDED, decoder_of(catalog.DEAD_ENDED))

    def accounts(self) -> None:
        topic = catalog.ACCOUNTS_CHANGELOG
        for record in self.books.log.slice(topic.name).records:
            stored = Stored(record.offset, None, None)
            tenant = (record.key or b"").decode(errors="backslashreplace")
            if record.value is not None:
                try:
                    stored = Stored(record.offset, *read_account(record.value))
                except (msgspec.MsgspecError, ValueError) as error:
                    self._fault(RECORDS, topic.name, record, ("value", "an account", str(error)))
                    continue
            if stored.state is not None:
                tenant = stored.state.tenant_id
            self.books.accounts.setdefault(tenant, []).append(stored)
            self._check_key(topic.name, record, tenant)

    def manifests(self) -> None:
        topic = catalog.BATCHES_CHANGELOG
        for record, manifest in self._decoded(topic, _read_manifest):
            header, ids = manifest
            source = header.source_topic
            placed = (header.app, header.partition, record.key)
            expected = (catalog.APP, self.books.partition, source.encode())
            if source not in SOURCES or placed != expected:
                wrong = ("app, partition, key", expected, placed)
                self._fault(RECORDS, topic.name, record, wrong)
                continue
            batches = self.books.manifests.setdefault(source, [])
            batches.append(Manifest(record.offset, header, ids))

    def sources(self) -> None:
        """Read the source topics; what cannot be read there is no fault, others wrote it."""
        books = self.books
        for name in SOURCES:
            books.sources[name] = {r.offset: r for r in books.log.slice(name).records}
        for offset, record in books.sources[CDRS].items():
            if (cdr := read_cdr(record.value)) is not None:
                books.cdrs[offset] = cdr
        for name in ORDERS:
            read = ((o, read_command(record.value)) for o, record in books.sources[name].items())
            books.commands[name] = {o: command for o, command in read if command is not None}

    def _decoded(
        self, topic: catalog.Topic, decode: Callable[[bytes], Any]
    ) -> Iterator[tuple[Record, Any]]:
        """Yield the records of a topic that can be decoded, in order, and report the others."""
        part: Slice = self.books.log.slice(topic.name)
        for record in part.records:
            try:
                yield record, decode(record.value or b"")
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                shown = f"{error}: {(record.value or b'')[:80]!r}"
                wrong = ("value", "a record of the topic's schema", shown)
                self._fault(RECORDS, topic.name, record, wrong)

    def _check_key(
        self, topic: str, record: Record, tenant_id: str, *, strays: bool = False
    ) -> None:
        """Report a record whose key is not its tenant, or that lies where its key does not belong."""
        key = tenant_id.encode()
        if record.key != key:
            self._fault(KEYS, topic, record, ("key", key, record.key))
        elif not strays and key not in self.placed:
            right = partition_of(key, self.books.log.partitions)
            if right == self.books.partition:
                self.placed.add(key)
            else:
                wrong = ("partition", right, self.books.partition)
                self._fault(KEYS, topic, record, wrong)

    def _fault(
        self, proof: str, topic: str, record: Record, wrong: tuple[str, object, object]
    ) -> None:
        place = (topic, self.books.partition, record.offset)
        self.books.faults.append(difference(proof, place, record.key, Complaint(*wrong)))


def _read_manifest(value: bytes) -> tuple[r.BatchManifest, bytes]:
    """Read a manifest's header and measure its ids; ValueError or msgspec.MsgspecError."""
    said, ids = split_manifest(value)
    header: r.BatchManifest = decoder_of(catalog.BATCHES_CHANGELOG)(value.partition(b"\n")[0])
    check_ids(said, ids)
    return header, ids
