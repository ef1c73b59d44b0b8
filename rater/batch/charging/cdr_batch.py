"""A batch of CDRs: bytes in, a `Decision` out. Pure: nothing is written, no state is changed.

1. Every record is read (a `Malformed` one is a dead letter) and its id hashed.
2. One look-up for all that was read says which ids are known (D8).
3. Record by record, in order: skipped, too old, duplicate, conflict, misrouted, unknown tenant, or through the engine.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, final

import numpy as np

from rater.batch.charging.cdr_ids import CdrIds
from rater.batch.charging.charge_index import Known
from rater.batch.charging.content import cdr_content
from rater.batch.charging.heads import OUTCOME_AHEAD, heads, until_ms
from rater.batch.charging.open_suspense import SuspenseBatch
from rater.batch.charging.originals import CORRECTIONS_MAX, Originals, Standing
from rater.batch.charging.partition_state import Shard
from rater.batch.charging.record import Record
from rater.batch.charging.remembered import Remembered
from rater.batch.charging.waiting import conflict, in_future, stray, too_old
from rater.core import engine
from rater.core.account.account import Account
from rater.core.cdr import Cdr, Source
from rater.core.limits import DAY_MS
from rater.core.pricing.rules import Rules
from rater.core.suspension import Suspension
from rater.wire.account.state import decode_account
from rater.wire.cdrs import decode_cdr
from rater.wire.malformed import Malformed
from rater.wire.outputs import encode_suspended, output_key
from topics.catalog import CDR_RAW
from topics.manifests import IdState
from topics.partitioner import partition_of
from topics.records import Charge, ChargeReversed
from topics.records.charging_settings import CDR_BYTES_MIN

_TOPIC: Final = CDR_RAW.name
_SMALL: Final[int] = CDR_BYTES_MIN
"""A CDR of so many bytes is read whatever the settings say."""
_ENCODED_AT_ONCE: Final[int] = 128
"""CDRs that are decided before what they say is encoded, while it is in the processor's cache yet (A74)."""
# Bound once: an attribute of a class that is not compiled is slow from code that is.
_CHARGED: Final = IdState.CHARGED
_SUSPENDED: Final = IdState.SUSPENDED
_CHARGE: Final = Charge
_REVERSED: Final = ChargeReversed

Item = tuple[Record, Cdr, bytes, int]
"""A readable record: itself, its CDR, the digest of its id, the hash of what decides its charge."""


@final
class CdrBatch:
    """One batch while it is being decided."""

    def __init__(self, shard: Shard, rules: Rules, partitions: int) -> None:
        self.shard = shard
        self.partition: Final = shard.partition
        self.rules = rules
        self.partitions = partitions
        self.decision: Final = shard.begin(_TOPIC, rules)
        self.working: dict[str, Account | None] = {}
        self.users: Final = shard.users.of_batch(self.decision.users)
        self.fresh: dict[bytes, Remembered] = {}
        """What this batch remembers, by digest."""
        self.originals: Final = Originals(shard.batches.index, self.decision, self.fresh)
        self.open: Final = SuspenseBatch(
            shard.suspense, self.decision.open_suspense, self.decision.beyond
        )
        self.has_later = self.open.has_later
        """Whether later versions may wait, which each charge asks: an attribute of compiled code."""
        self._ids: Final = CdrIds()
        self._readable: list[Record] = []
        self._cdrs: list[Cdr] = []
        self._digests: list[bytes] = []
        self._contents: list[int] = []
        self._corrective: list[Cdr] = []
        self._forget_before(self.decision.stream_ms)

    def read(self, records: Sequence[Record]) -> int:
        """Read the next records, all of the batch or some, as a step yields in between; return how many were read.

        Those are fewer where as many corrections are among them as originals are fetched at once.
        """
        readable, cdrs = self._readable, self._cdrs
        digests, contents, ids = self._digests, self._contents, self._ids
        taken = 0
        for record in records:
            taken += 1
            value = record.value
            if value is None or len(value) <= _SMALL:
                cdr = decode_cdr(value)
            else:
                # By its own time, so that it is the same wherever a batch is cut.
                settings = self.rules.settings.at(max(record.timestamp, 0))
                cdr = decode_cdr(value, settings.cdr_max_bytes)
            if isinstance(cdr, Cdr):
                readable.append(record)
                cdrs.append(cdr)
                digests.append(ids.digest(cdr))
                contents.append(cdr_content(cdr))
                if cdr.version != 1 or cdr.kind != "final":
                    self._corrective.append(cdr)
                    if len(self._corrective) == CORRECTIONS_MAX:
                        break
            else:
                self._bury(record, cdr)
        self.decision.records += taken
        return taken

    def needs(self) -> list[int]:
        """Return the offsets of the ledger entries that corrections among what was read take back."""
        cdrs, self._corrective = self._corrective, []
        return self.originals.needs(cdrs) if cdrs and self.decision.kept is not None else []

    def give(self, entries: Mapping[int, bytes]) -> None:
        """Take these entries by their offsets, before `decide`."""
        self.originals.give(entries)

    def _look_up(self) -> tuple[list[Item], dict[int, Known]]:
        """Take the readable records, and what the index knows of them, by their place in the list."""
        if not self._cdrs:
            return [], {}
        hashes = np.frombuffer(b"".join(self._digests), "<u8").reshape(-1, 2).astype(np.uint64)
        known = self.shard.batches.index.find(hashes).known()
        read = self._readable, self._cdrs, self._digests, self._contents
        self._readable, self._cdrs, self._digests, self._contents = [], [], [], []
        return list(zip(*read, strict=True)), known

    def decide(self) -> None:
        """Decide what was read, in order, and encode what that says."""
        items, known = self._look_up()
        items.reverse()
        count = len(items)
        for first in range(0, count, _ENCODED_AT_ONCE):
            self._decide(items, known, first, min(first + _ENCODED_AT_ONCE, count))
            self.decision.encode()

    def _decide(self, items: list[Item], known: dict[int, Known], first: int, end: int) -> None:
        """Decide a run, from the end of the list. One loop with the common way inline: it is the hot one."""
        decision, fresh, working = self.decision, self.fresh, self.working
        for number in range(first, end):
            # Taken off the list: a CDR that was decided is freed at once, not with a thousand others.
            item = items.pop()
            record, cdr, digest, _ = item
            stamp_ms = record.timestamp
            at_ms = stamp_ms if stamp_ms >= 0 else decision.stream_ms
            if at_ms > decision.stream_ms:
                decision.stream_ms = at_ms
                if at_ms >= self.look_again_ms:
                    self._forget_before(at_ms)
            tenant_id = cdr.tenant_id
            account = working[tenant_id] if tenant_id in working else self._account(tenant_id)
            if account is not None and record.offset <= account.cdr_offset:
                decision.count("skipped")
            elif cdr.ended_ms < self.oldest_ms and not self.originals.knows(cdr, self.oldest_ms):
                version = self.rules.settings.at(decision.stream_ms).version
                self._wait(item, too_old(cdr, self.oldest_ms, version))
            elif cdr.ended_ms > at_ms + DAY_MS:
                self._wait(item, in_future(cdr, at_ms))
            elif digest in fresh and fresh[digest][4] >= self.oldest_ms:
                self._repeat(item, fresh[digest][1], fresh[digest][2])
            elif number in known and known[number][1] * DAY_MS >= self.oldest_ms:
                self._repeat(item, known[number][0], known[number][2])
            elif account is None or record.key != tenant_id.encode():
                self._stray(item)
            else:
                self._charge(item, account, at_ms)

    def _charge(self, item: Item, account: Account, at_ms: int) -> None:
        record, cdr, digest, content = item
        decision, standing, offset, seq = self.decision, None, record.offset, account.seq
        if cdr.version != 1 or cdr.kind != "final":
            found = self.originals.judge(cdr, self.oldest_ms, self.rules.settings.at(at_ms))
            if isinstance(found, str):
                decision.count(found)
                return
            if isinstance(found, Suspension):
                self._wait(item, found)
                return
            standing = found
        source = Source(_TOPIC, self.partition, offset, at_ms)
        if standing is None:
            outcome = engine.charge(account, cdr, source, self.rules, decision.journal, self.users)
        else:
            before = standing.charge, standing.voided, self.users
            outcome = engine.correct(account, cdr, source, self.rules, decision.journal, *before)
        if account.seq != seq:
            account.cdr_offset = offset
            decision.changed[cdr.tenant_id] = account
        if not isinstance(outcome, str):
            kept = self._keep(item, outcome, standing)
            self._suspend(item, outcome, digest, kept=kept)
            return
        decision.count(outcome)
        entries = decision.journal.entries
        place = decision.entry_place()
        behind = -1
        while type(entries[behind]) is not _CHARGE and type(entries[behind]) is not _REVERSED:
            # What the breaker holds comes after the charge, and how the account pays then.
            behind -= 1
            place -= 1
        if standing is not None:
            self._move(item, standing, place)
            return
        self._remember(digest, (digest, content, _CHARGED, place, cdr.ended_ms))
        if self.has_later:
            self.open.settled(cdr, stands=True)

    def _move(self, item: Item, standing: Standing, place: int) -> None:
        """Remember a correction or a void, and that it stands now; what waited for a price waits no more."""
        _, cdr, digest, content = item
        own = digest, content, _CHARGED, place, until_ms(cdr, self.decision.stream_ms)
        longest = max(own[4], self.originals.until_ms(cdr))
        self.open.settled(cdr, stands=cdr.kind != "void")
        for each in (own, *heads(cdr, place, longest, standing.first)):
            self._remember(each[0], each)

    def _keep(self, item: Item, why: Suspension, found: Standing | None) -> bool:
        """Keep a call that waits until it can be charged, where something can mend that; say whether it is kept."""
        stands = (False, False) if found is None else found.stands
        text, source = item[0].value or b"", self._source(item[0])
        kept = self.open.keep(item[1], text, source, why, stands)
        self.has_later = self.open.has_later
        return kept

    def _remember(self, digest: bytes, remembered: Any) -> None:
        """Remember an id; `Any`, so that compiled code makes one object of the tuple, not two."""
        self.fresh[digest] = remembered
        self.decision.remembered.append(remembered)

    def _repeat(self, item: Item, known: int, state: int) -> None:
        if state in OUTCOME_AHEAD:
            self.decision.count(OUTCOME_AHEAD[state])
        elif item[3] == known:
            self.decision.count("duplicate")
        else:
            self._wait(item, conflict(item[1]))

    def _wait(self, item: Item, why: Suspension) -> None:
        """Suspend a record of which nothing is remembered; kept where an operator's word comes, if that helps."""
        is_here = partition_of(item[1].tenant_id.encode(), self.partitions) == self.partition
        kept = is_here and self._keep(item, why, None)
        self._suspend(item, why, None, kept=kept)

    def _stray(self, item: Item) -> None:
        """Suspend a record whose account is not here: it lies in a wrong partition, or there is none."""
        why, right = stray(item[1], item[0].key, self.partition, self.partitions)
        kept = self._keep(item, why, None)
        # Of a wrong key alone nothing is remembered: written again under the right one it comes here, too.
        self._suspend(item, why, None if right == self.partition else item[2], right, kept=kept)

    def _suspend(
        self,
        item: Item,
        why: Suspension,
        digest: bytes | None,
        belongs_to: int | None = None,
        *,
        kept: bool = False,
    ) -> None:
        """Write a suspense record; with a digest, remember the id so that a second copy is a duplicate."""
        record, cdr, _, content = item
        decision = self.decision
        decision.count(f"suspended.{why.reason}")
        source = self._source(record)
        settings = self.rules.settings.at(source.at_ms)
        value = encode_suspended(cdr, record.value or b"", source, why, belongs_to, settings, kept)
        decision.suspense.append((output_key(record.key), value))
        if digest is not None:
            place, until = decision.suspense_place(), until_ms(cdr, decision.stream_ms)
            self._remember(digest, (digest, content, _SUSPENDED, place, until))

    def _bury(self, record: Record, why: Malformed) -> None:
        # Not the time of the stream, which is not known yet: the batch is still being read.
        source = Source(_TOPIC, self.partition, record.offset, max(record.timestamp, 0))
        self.decision.bury(record, why, source, self.rules.settings.at(source.at_ms))

    def _forget_before(self, stream_ms: int) -> None:
        """Note from which instant on calls are charged, since all that were are remembered; and until when it holds."""
        book = self.rules.settings
        window_day = stream_ms // DAY_MS - book.at(stream_ms).window_days
        self.oldest_ms = max(self.shard.oldest_day(stream_ms), window_day) * DAY_MS
        next_day = stream_ms // DAY_MS + 1
        self.look_again_ms = min(next_day * DAY_MS, book.next_change_ms(stream_ms))

    def _source(self, record: Record) -> Source:
        # Kafka's -1 for no time, or less, is the time of the stream.
        at_ms = record.timestamp if record.timestamp >= 0 else self.decision.stream_ms
        return Source(_TOPIC, self.partition, record.offset, at_ms)

    def _account(self, tenant_id: str) -> Account | None:
        """Make the batch's working copy of an account, at its first touch."""
        value = self.shard.accounts.get(tenant_id.encode())
        self.working[tenant_id] = account = None if value is None else decode_account(value)
        if account is not None:
            self.decision.conservation.touch(account)
        return account
