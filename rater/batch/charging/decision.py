"""Decision: all that one batch wants written, before it is committed.

The batch manifest comes last: it names the offsets of the ledger entries and suspense records, known only when those
are in the log (D8).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, final

import numpy as np

from rater.batch.charging.conservation import Conservation
from rater.batch.charging.id_table import ENTRY
from rater.batch.charging.lot_ids import Changes
from rater.batch.charging.record import Record
from rater.batch.charging.remembered import Remembered, packed
from rater.batch.charging.running_sums import can_be_said, carried_on
from rater.batch.charging.sums import Sums
from rater.batch.outputs import Output, Records, encoded, encoded_of_users
from rater.core.account.account import Account
from rater.core.account.journal import Journal
from rater.core.account.naming import named
from rater.core.account.plan_warnings import Giving
from rater.core.account.user import User
from rater.core.cdr import Source
from rater.core.charging_settings import ChargingSettings, SettingsBook
from rater.core.pricing.plans.book import PlanBook
from rater.wire.account.originals import Posted, decode_posted
from rater.wire.account.state import encode_account
from rater.wire.account.user_rows import encode_user
from rater.wire.malformed import Malformed
from rater.wire.outputs import encode, encode_dead, output_key
from rater.wire.unread import last_offset_of, why_dead
from topics.catalog import (
    ACCOUNT_STATUS,
    ACCOUNTS_CHANGELOG,
    APP,
    BALANCE_EVENTS,
    BATCHES_CHANGELOG,
    CDR_RAW,
    DEAD,
    LEDGER,
    LOTS_CHANGELOG,
    SUSPENSE,
    SUSPENSE_CHANGELOG,
    USER_STATUS,
    USERS_CHANGELOG,
)
from topics.keys import user_key
from topics.manifests import join_manifest
from topics.records import (
    BatchManifest,
    Charge,
    ChargeReversed,
    DeckWarning,
    EntitlementsSet,
    UserSet,
)
from topics.records.batches import MANIFEST_LAYOUT
from topics.records.running_sums import RunningSums

# Bound once: a name of a module that is not compiled is looked up each time.
_LEDGER: Final = LEDGER.name
_ENCODED: Final = (LEDGER.name, BALANCE_EVENTS.name, ACCOUNT_STATUS.name, USER_STATUS.name)
"""What the journal is written to."""
_CHARGE: Final = Charge
_DECK_WARNING: Final = DeckWarning
_GIVING: Final = (EntitlementsSet, UserSet)


@final
class Decision:
    """What a batch of one partition writes and counts; the step takes it as it is decided, and clears it."""

    MANIFEST: ClassVar = BATCHES_CHANGELOG.name
    EXPECTED: ClassVar = (
        LEDGER.name,
        ACCOUNT_STATUS.name,
        ACCOUNTS_CHANGELOG.name,
        BATCHES_CHANGELOG.name,
    )
    """The topics that nearly every batch writes to."""
    PLACED: ClassVar = (LEDGER.name, SUSPENSE.name)
    """The topics of whose records the manifest names the offsets."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        source_topic: str,
        partition: int,
        stream_ms: int,
        plans: PlanBook,
        settings: SettingsBook | None = None,
        before: RunningSums | None = None,
    ) -> None:
        """Decide nothing yet; `settings` are those that decide, where any do, `before` the partition's running sums."""
        self.source_topic = source_topic
        self.partition = partition
        self.stream_ms = stream_ms
        self.records = self.next_offset = self.passed_over = 0
        """The records; the offset behind them, known with the manifest; offsets that no batch has read before them."""
        self.journal = Journal(plans)
        self.suspense: Records = []
        self.dead: Records = []
        self.remembered: list[Remembered] = []
        self.changed: dict[str, Account] = {}
        self.lot_ids: Changes = {}
        self.users: dict[tuple[str, str], User] = {}
        self.open_suspense: Changes = {}
        self.beyond: Counter[str] = Counter()
        """How many calls of each account wait without being kept, for a limit is reached."""
        self.freed: Counter[str] = Counter()
        """How many calls were freed, by what they had waited for."""
        self.recycled: Counter[tuple[str, str]] = Counter()
        """How many were looked at again or dropped, by what they had waited for, and what came of it."""
        self.outcomes: dict[str, int] = {}
        self.ids = np.zeros(0, ENTRY)
        """The ids as they stand in the manifest; none before the offsets are known."""
        self.charged: dict[str, int] = {}
        """The sum of the charges that were taken, by currency; without those of canary tenants."""
        self.sums: Final = Sums(settings)
        self.conservation: Final = Conservation()
        self._before: Final = before
        self.running: RunningSums | None = None
        self._accounts: dict[bytes, bytes] | None = None
        self._user_rows: Changes | None = None
        self.deck_warnings: list[DeckWarning] = []
        self.giving: list[Giving] = []
        """Entries with which licences or users were given plans."""
        keeps = settings is not None and settings.corrects and source_topic == CDR_RAW.name
        self.kept: Records | None = [] if keeps else None
        """Entries that were taken, for corrections of the same batch; None where nobody asks."""
        self._settings: Final = settings
        self.taken: dict[str, int] = {}
        """How many records of each topic were encoded or taken: what is decided next has its place after them."""
        self._encoded: list[Records] = [[] for _ in _ENCODED]
        """Of each topic that the journal writes to: what was encoded and is not taken yet."""

    def count(self, outcome: str) -> None:
        """Count a record by what became of it."""
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def bury(
        self,
        record: Record,
        why: Malformed,
        source: Source,
        settings: ChargingSettings | None = None,
    ) -> None:
        """Write a dead letter of what cannot be read."""
        why = why_dead(record, why)
        self.count(f"dead.{why.reason}")
        last = last_offset_of(record)
        letter = encode_dead(record.key, record.value, source, why, last, settings)
        self.dead.append((output_key(record.key), letter))

    def encode(self) -> None:
        """Encode what the journal has: the records of every topic that it writes to, in the order decided."""
        journal, settings = self.journal, self._settings
        self._count(journal)
        told = journal.entries if settings is None else named(journal.entries, settings)
        entries = encoded(told)
        if self.kept is not None:
            self.kept += entries
        said: tuple[Records, ...] = (
            entries,
            encoded(journal.events),
            encoded(journal.statuses),
            encoded_of_users(journal.users),
        )
        for topic, waiting, records in zip(_ENCODED, self._encoded, said, strict=True):
            waiting.extend(records)
            self.taken[topic] = self.taken.get(topic, 0) + len(records)
        self.journal = Journal(journal.plans)

    def outputs(self) -> list[Output]:
        """Take what was decided since the last time: the records of every topic, in the order decided."""
        self.encode()
        outputs: list[Output] = list(zip(_ENCODED, self._encoded, strict=True))
        self._encoded = [[] for _ in _ENCODED]
        for topic, records in ((SUSPENSE.name, self.suspense), (DEAD.name, self.dead)):
            outputs.append((topic, records))
            self.taken[topic] = self.taken.get(topic, 0) + len(records)
        self.suspense, self.dead = [], []
        return outputs

    def changelogs(self) -> list[Output]:
        """Return the state that the batch changes, once it is decided as a whole."""
        return [
            (ACCOUNTS_CHANGELOG.name, list(self.accounts().items())),
            (LOTS_CHANGELOG.name, list(self.lot_ids.items())),
            (USERS_CHANGELOG.name, list(self.user_rows().items())),
            (SUSPENSE_CHANGELOG.name, list(self.open_suspense.items())),
        ]

    def entry_place(self) -> int:
        """Return the place of the last entry among all of the batch; -1 where there is none."""
        return self.taken.get(_LEDGER, 0) + len(self.journal.entries) - 1

    def posted(self, place: int) -> Posted:
        """Return the entry at a place, written already or not."""
        taken = self.taken.get(_LEDGER, 0)
        if place >= taken:
            entry = self.journal.entries[place - taken]
            assert isinstance(entry, Charge | ChargeReversed), entry
            return entry
        assert self.kept is not None
        return decode_posted(self.kept[place][1] or b"")

    def suspense_place(self) -> int:
        """Return the place of the last suspense record among all of the batch."""
        return self.taken.get(SUSPENSE.name, 0) + len(self.suspense) - 1

    def _count(self, journal: Journal) -> None:
        self.sums.said(journal)
        self.conservation.charges(journal)
        for currency, micros in journal.charged.items():
            self.charged[currency] = self.charged.get(currency, 0) + micros
        if self.sums.may_be_canaries(self.changed):
            for currency, micros in self.sums.of_canaries(journal).items():
                self.charged[currency] -= micros
        for entry in journal.entries:
            # By its type: that an entry is not of another class takes as long to ask as to price it.
            if type(entry) is _CHARGE:
                continue
            self.sums.count(entry)
            self.conservation.entry(entry)
            if isinstance(entry, _DECK_WARNING):
                self.deck_warnings.append(entry)
            elif isinstance(entry, _GIVING):
                self.giving.append(entry)

    def accounts(self) -> dict[bytes, bytes]:
        """Return the new bytes of every account that changed; encoded once, when all is decided."""
        if self._accounts is None:
            self._accounts = {name.encode(): encode_account(a) for name, a in self.changed.items()}
        return self._accounts

    def user_rows(self) -> Changes:
        """Return the new rows of every user that changed; likewise."""
        if self._user_rows is None:
            self._user_rows = {
                user_key(*name): encode_user(user) for name, user in self.users.items()
            }
        return self._user_rows

    def place(self, offsets: Mapping[str, Sequence[int]]) -> None:
        """Learn the offsets of what was written: now ids have their places, and the running sums their cut."""
        ledger = offsets.get(LEDGER.name, ())
        self.ids = packed(self.remembered, ledger, offsets.get(SUSPENSE.name, ()))
        if self._before is not None:
            end = ledger[-1] + 1 if ledger else None
            self.running = carried_on(self._before, self.conservation, end)

    def manifest(self, first_offset: int, next_offset: int) -> bytes:
        """Return the value of the batch manifest, when all was taken and placed."""
        self.next_offset = next_offset
        sums = self.running
        header = BatchManifest(
            layout=MANIFEST_LAYOUT,
            app=APP,
            source_topic=self.source_topic,
            partition=self.partition,
            first_offset=first_offset,
            next_offset=next_offset,
            records=self.records,
            outcomes=dict(sorted(self.outcomes.items())),
            ledger=self.taken[LEDGER.name],
            events=self.taken[BALANCE_EVENTS.name],
            ids=len(self.ids),
            at_ms=self.stream_ms,
            sums=sums if sums is not None and can_be_said(sums) else None,
        )
        return join_manifest(encode(header), self.ids.tobytes())
