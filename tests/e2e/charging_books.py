"""The books: all that charging has written, so that two runs of the same input can be compared.

Everything is compared but where an output lies and when a status was published: the order and the
bytes of entries, events, suspense records and dead letters of each partition, every account, every user,
every call that waits for a price, every remembered id, the counts of the manifests.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from rater.wire.account.state import decode_account
from rater.wire.account.user_rows import decode_user
from tests.e2e.broker import consume
from topics import catalog
from topics.manifests import split_manifest, unpack_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.broker import Record

LOGS = (
    catalog.LEDGER.name,
    catalog.BALANCE_EVENTS.name,
    catalog.SUSPENSE.name,
    catalog.DEAD.name,
)
STATES = (
    catalog.ACCOUNT_STATUS.name,
    catalog.ACCOUNTS_CHANGELOG.name,
    catalog.USERS_CHANGELOG.name,
    catalog.SUSPENSE_CHANGELOG.name,
    catalog.BATCHES_CHANGELOG.name,
)
_OF_STATUS = ("status_ms", "dirty")
_OF_USER_STATUS = ("told_ms", "is_owed")
"""What depends on when a status was due, not on what was charged."""

Lines = list[tuple[bytes | None, bytes | None]]


@dataclass
class Books:
    """What one run has left."""

    logs: dict[tuple[str, int], Lines] = field(default_factory=lambda: defaultdict(list))
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    users: dict[str, dict[str, object]] = field(default_factory=dict)
    open_suspense: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    ids: dict[tuple[int, bytes], tuple[int, ...]] = field(default_factory=dict)
    """Per partition and hash: content, state and day."""
    outcomes: Counter[str] = field(default_factory=Counter)
    manifests: list[tuple[int, int]] = field(default_factory=list)
    """Partition and time of writing of each committed batch."""
    aborted: int = 0
    """Records of aborted transactions, over all topics."""

    @property
    def charges(self) -> int:
        """How many CDRs were charged, the free ones included."""
        return self.outcomes["rated"] + self.outcomes["free"]

    def take(self, record: Record) -> None:
        """Take a record of any output topic."""
        if record.topic in LOGS:
            self.logs[record.topic, record.partition].append((record.key, record.value))
            return
        if record.topic == catalog.SUSPENSE_CHANGELOG.name and record.key is not None:
            self.open_suspense.pop(record.key.decode(), None)
            if record.value is not None:
                self.open_suspense[record.key.decode()] = record.value.decode()
            return
        assert record.value is not None, record
        if record.topic == catalog.BATCHES_CHANGELOG.name:
            self._take_manifest(record.partition, record.timestamp_ms, record.value)
            return
        assert record.key is not None, record
        if record.topic == catalog.ACCOUNT_STATUS.name:
            self.statuses[record.key.decode()] = orjson.loads(record.value)
        elif record.topic == catalog.USERS_CHANGELOG.name:
            self.note_user(record.key, record.value)
        else:
            self.note_account(record.key, record.value)

    def note_account(self, key: bytes, value: bytes) -> None:
        """Take an account's state; a later one replaces it."""
        account = decode_account(value)
        fields = account.__match_args__
        self.accounts[key.decode()] = {
            field: getattr(account, field) for field in fields if field not in _OF_STATUS
        }

    def note_user(self, key: bytes, value: bytes) -> None:
        """Take a user's row; a later one replaces it."""
        user = decode_user(value)
        self.users[key.decode()] = {
            name: getattr(user, name) for name in user.__match_args__ if name not in _OF_USER_STATUS
        }

    def note_ids(self, partition: int, ids: bytes) -> None:
        """Take packed ids; a later one of the same hash replaces it."""
        for known in unpack_ids(ids):
            self.ids[partition, known.hash] = (known.content, known.state, known.day)

    def _take_manifest(self, partition: int, at_ms: int, value: bytes) -> None:
        header, ids = split_manifest(value)
        self.manifests.append((partition, at_ms))
        if header["source_topic"] == catalog.CDR_RAW.name:
            self.outcomes.update(header["outcomes"])
        self.note_ids(partition, ids)


async def read_books(bootstrap: str) -> Books:
    """Read all that is committed, and count what was aborted."""
    books = Books()
    committed = await consume(bootstrap, *LOGS, *STATES)
    for record in committed:
        books.take(record)
    books.aborted = len(await consume(bootstrap, *LOGS, *STATES, committed=False)) - len(committed)
    return books


def differences(found: Books, wanted: Books) -> list[str]:
    """Name the first difference of every log and every account, id or count that differs."""
    return [
        *_log_differences(found, wanted),
        *_dict_differences("account", found.accounts, wanted.accounts),
        *_dict_differences("user", found.users, wanted.users),
        *_dict_differences("call that waits", found.open_suspense, wanted.open_suspense),
        *_dict_differences("status", _shown(found), _shown(wanted)),
        *_dict_differences("remembered id", found.ids, wanted.ids),
        *_dict_differences("outcome", found.outcomes, wanted.outcomes),
    ]


def _shown(books: Books) -> dict[str, Any]:
    """Return of the last status of each tenant what the account decides."""
    return {name: (of["seq"], of["balance_micros"]) for name, of in books.statuses.items()}


def _log_differences(found: Books, wanted: Books) -> Iterator[str]:
    for place in sorted(found.logs.keys() | wanted.logs.keys()):
        ours, theirs = found.logs.get(place, []), wanted.logs.get(place, [])
        if len(ours) != len(theirs):
            yield f"{place}: {len(ours)} records, wanted {len(theirs)}"
        for number, (one, other) in enumerate(zip(ours, theirs, strict=False)):
            if one != other:
                yield f"{place}: record {number}: found {one}, wanted {other}"
                break


def _dict_differences(what: str, found: Any, wanted: Any) -> Iterator[str]:
    for key in sorted(found.keys() | wanted.keys()):
        if found.get(key) != wanted.get(key):
            yield f"{what} {key}: found {found.get(key)}, wanted {wanted.get(key)}"
