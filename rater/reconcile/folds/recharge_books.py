"""Recharge books: what recharge read and wrote, decoded; payment commands, results, quarantine, notices, manifests.

Results and recharge commands are written by others: what cannot be read there, or says something twice, is no fault of
the rater; it must be a dead letter.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rater.reconcile.difference import Complaint, Difference, difference
from rater.reconcile.folds.books import KEYS, RECORDS, Manifest
from rater.reconcile.reading.log import Log, Record
from rater.reconcile.reading.schemas import decoder_of
from rater.reconcile.reading.sources import READ_BYTES_MAX
from topics import catalog
from topics import records as r
from topics.partitioner import partition_of

EVENTS = catalog.BALANCE_EVENTS.name
RESULTS = catalog.PAYMENT_RESULTS.name
RECHARGE_COMMANDS = catalog.RECHARGE_COMMANDS.name
RECHARGE_TIMERS = catalog.RECHARGE_TIMERS.name
HEARD = (EVENTS, RESULTS, RECHARGE_COMMANDS, RECHARGE_TIMERS)
"""The topics that recharge reads."""
PAYMENTS = catalog.PAYMENT_COMMANDS.name
MANIFESTS = catalog.RECHARGE_BATCHES.name

Moved = r.PaymentReversed | r.PaymentRestored
"""What says that money of a payment was taken back, or came back."""
Result = r.PaymentSucceeded | r.PaymentDeclined | r.PaymentUnknown | Moved
Notice = Any
"""One of `catalog.NOTIFICATIONS.records`; which fields it has depends on its kind."""


@dataclass(slots=True)
class RechargeBooks:
    """The decoded records of recharge in one partition, each list in the order of offsets."""

    log: Log
    payments: list[tuple[Record, r.PaymentCommand | r.PaymentCancel]] = field(default_factory=list)
    results: dict[int, Result] = field(default_factory=dict)
    commands: dict[int, r.ResumeRecharge] = field(default_factory=dict)
    quarantine: list[tuple[Record, r.QuarantinedResult]] = field(default_factory=list)
    notices: list[tuple[Record, Notice]] = field(default_factory=list)
    letters: list[tuple[Record, r.Dead]] = field(default_factory=list)
    """Dead letters of recharge, gateway and notifier, which write to the same topic."""
    dead: list[tuple[Record, r.Dead]] = field(default_factory=list)
    """Those of what recharge reads."""
    steps: list[Manifest] = field(default_factory=list)
    """The manifests in the order of the log: what recharge did, one step after the other."""
    sources: dict[str, dict[int, Record]] = field(default_factory=dict)
    unreadable: dict[str, list[int]] = field(default_factory=dict)
    """The offsets of results and recharge commands that cannot be read."""
    faults: list[Difference] = field(default_factory=list)

    @property
    def is_running(self) -> bool:
        """Say whether recharge has ever written here; a platform without it has nothing to prove."""
        return bool(self.steps or self.payments or self.log.slice(MANIFESTS).start)


def read_recharge_books(log: Log) -> RechargeBooks:
    """Decode a log."""
    books = RechargeBooks(log)
    for record, command in _decoded(books, catalog.PAYMENT_COMMANDS):
        books.payments.append((record, command))
        _check_key(books, catalog.PAYMENT_COMMANDS, record, command.tenant_id)
    for record, notice in _decoded(books, catalog.NOTIFICATIONS):
        books.notices.append((record, notice))
        _check_key(books, catalog.NOTIFICATIONS, record, notice.tenant_id)
    books.quarantine += _decoded(books, catalog.PAYMENT_QUARANTINE)
    books.letters += _decoded(books, catalog.RECHARGE_DEAD)
    books.dead += [each for each in books.letters if each[1].source_topic in HEARD]
    _read_steps(books)
    if books.is_running:
        books.sources = {name: {r.offset: r for r in log.slice(name).records} for name in HEARD}
    else:
        books.sources = {name: {} for name in HEARD}
    books.results = _read_source(books, catalog.PAYMENT_RESULTS)
    books.commands = _read_source(books, catalog.RECHARGE_COMMANDS)
    _read_source(books, catalog.RECHARGE_TIMERS)
    return books


def _read_source(books: RechargeBooks, topic: catalog.Topic) -> dict[int, Any]:
    """Read what others have written, and note what cannot be read."""
    decode = decoder_of(topic)
    readable: dict[int, Any] = {}
    unreadable = books.unreadable.setdefault(topic.name, [])
    for record in books.log.slice(topic.name).records:
        value = record.value or b""
        try:
            read = decode(value)
            is_plain = len(value) <= READ_BYTES_MAX and not _repeats_a_field(value)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            is_plain = False
        if is_plain:
            readable[record.offset] = read
        else:
            unreadable.append(record.offset)
    return readable


def _repeats_a_field(value: bytes) -> bool:
    """Say whether an object in a JSON text has a field twice."""
    repeated: list[bool] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        repeated.append(len(pairs) != len({name for name, _ in pairs}))

    json.loads(value, object_pairs_hook=note)
    return any(repeated)


def _read_steps(books: RechargeBooks) -> None:
    for record, header in _decoded(books, catalog.RECHARGE_BATCHES):
        placed = (header.app, header.partition, record.key)
        expected = (catalog.RECHARGE_APP, books.log.partition, header.source_topic.encode())
        if header.source_topic not in HEARD or placed != expected:
            wrong = Complaint("app, partition, key", expected, placed)
            _fault(books, RECORDS, catalog.RECHARGE_BATCHES, record, wrong)
            continue
        books.steps.append(Manifest(record.offset, header, b""))


def _decoded(books: RechargeBooks, topic: catalog.Topic) -> Iterator[tuple[Record, Any]]:
    """Yield the records of a topic that can be decoded, in order, and report the others."""
    decode: Callable[[bytes], Any] = decoder_of(topic)
    for record in books.log.slice(topic.name).records:
        try:
            yield record, decode(record.value or b"")
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            shown = f"{error}: {(record.value or b'')[:80]!r}"
            wrong = Complaint("value", "a record of the topic's schema", shown)
            _fault(books, RECORDS, topic, record, wrong)


def _check_key(books: RechargeBooks, topic: catalog.Topic, record: Record, tenant_id: str) -> None:
    """Report a record whose key is not its tenant, or that lies where its key does not belong."""
    key, right = tenant_id.encode(), partition_of(tenant_id.encode(), books.log.partitions)
    if record.key != key:
        _fault(books, KEYS, topic, record, Complaint("key", key, record.key))
    elif right != books.log.partition:
        _fault(books, KEYS, topic, record, Complaint("partition", right, books.log.partition))


def _fault(
    books: RechargeBooks, proof: str, topic: catalog.Topic, record: Record, wrong: Complaint
) -> None:
    place = (topic.name, books.log.partition, record.offset)
    books.faults.append(difference(proof, place, record.key, wrong))
