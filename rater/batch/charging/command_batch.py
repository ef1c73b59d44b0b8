"""A batch of account commands: bytes in, a `Decision` out. Pure: nothing is written, no state is changed.

Commands come on three topics, by authority: the broker's access rules see topics, not types. One that comes on another
topic than its type's is refused; ids and applied offsets are those of its topic.

A command is idempotent by its id, which is remembered as a CDR is, and so is the lot of a recharge's credit (D8).
What comes or goes by hand does so once in an account's life (`lot_ids`).
"""

from collections.abc import Mapping, Sequence
from typing import Final, final

import numpy as np
from xxhash import xxh3_128_digest

from rater.batch.charging.charge_index import Found
from rater.batch.charging.content import command_content
from rater.batch.charging.heads import first_digest
from rater.batch.charging.lot_ids import LotIdsBatch, lot_exists
from rater.batch.charging.originals import Originals
from rater.batch.charging.partition_state import Shard
from rater.batch.charging.record import Record
from rater.batch.charging.recycling import ORDERS, Order, RecyclingBatch
from rater.batch.charging.rerating import ReratingBatch
from rater.batch.charging.users import UsersBatch
from rater.batch.charging.word import Window
from rater.core import engine
from rater.core.account.account import Account
from rater.core.account.rejecting import reject
from rater.core.cdr import Source
from rater.core.limits import DAY_MS, NEVER_MS
from rater.core.pricing.rules import Rules
from rater.core.rejections import Refusal, Rejected
from rater.wire.account.commands import decode_command
from rater.wire.account.state import decode_account
from rater.wire.malformed import Malformed
from topics import records as r
from topics.authority import TOPIC_OF
from topics.catalog import ACCOUNT_COMMANDS, ACCOUNT_REQUESTS, ACCOUNT_TIMERS
from topics.keys import lot_key
from topics.manifests import IdState, command_key
from topics.partitioner import partition_of
from topics.records import BillingStateChanged, CommandRejected, DeckWarning, FundsAdded
from topics.records.recycling import DropCall
from topics.records.rerating import RerateCall

_OFFSET: Final = {
    ACCOUNT_COMMANDS.name: "command_offset",
    ACCOUNT_REQUESTS.name: "request_offset",
    ACCOUNT_TIMERS.name: "timer_offset",
}
"""Where an account keeps what it has applied of each topic."""


@final
class CommandBatch:
    """One batch while it is being decided."""

    def __init__(self, shard: Shard, topic: str, rules: Rules, partitions: int) -> None:
        self.shard = shard
        self.topic = topic
        self.applied = _OFFSET[topic]
        self.partitions = partitions
        self.rules = rules
        self.decision: Final = shard.begin(topic, rules)
        self.lot_ids = LotIdsBatch(shard.lot_ids, self.decision.lot_ids)
        self.users = UsersBatch(shard.users, self.decision.users)
        known = self.decision, self.users.users, rules
        self.originals = Originals(shard.batches.index, self.decision, {})
        self.recycling = RecyclingBatch(shard.suspense, *known, self.originals)
        self.rerating = ReratingBatch(self.originals, *known)
        self.working: dict[str, Account | None] = {}
        self.fresh: dict[bytes, tuple[int, int]] = {}
        """What this batch remembers: the content, and the time that the window is applied to."""
        self._waiting: Sequence[Record] = ()

    def read(self, records: Sequence[Record]) -> int:
        """Take records to be decided, the first or all of them: a command is read when its turn comes.

        Those are fewer where as many charges are to be rated again as are fetched at once.
        """
        is_asked = self.topic == ACCOUNT_TIMERS.name
        taken = self.rerating.look(records) if is_asked else len(records)
        self._waiting = [*self._waiting, *records[:taken]]
        return taken

    def needs(self) -> list[int]:
        """Return the offsets of the ledger entries that are to be rated again."""
        return self.rerating.needs()

    def named(self) -> list[int]:
        """Return the offsets that orders name beside these, where there may be nothing."""
        return self.rerating.named()

    def give(self, entries: Mapping[int, bytes]) -> None:
        """Take these entries by their offsets, before `decide`."""
        self.rerating.give(entries)

    def decide(self) -> None:
        """Decide what was taken, in order."""
        waiting, self._waiting = self._waiting, ()
        for record in waiting:
            self._decide(record)

    def _decide(self, record: Record) -> None:
        """Read one command and carry it out, or say why not."""
        decision = self.decision
        decision.records += 1
        decision.stream_ms = max(decision.stream_ms, record.timestamp)
        self.lot_ids.forget_due(decision.stream_ms)
        # Kafka's -1 for no time, or less, is the time of the stream.
        at_ms = record.timestamp if record.timestamp >= 0 else decision.stream_ms
        source = Source(self.topic, self.shard.partition, record.offset, at_ms)
        order = decode_command(record.value)
        if isinstance(order, Malformed):
            decision.bury(record, order, source)
            return
        account = self._account(order.tenant_id)
        if account is not None and source.offset <= getattr(account, self.applied):
            decision.count("skipped")
            return
        self._obey(order, account, record, source)

    def _obey(
        self, order: r.Command, account: Account | None, record: Record, source: Source
    ) -> None:
        decision, journal = self.decision, self.decision.journal
        digest = xxh3_128_digest(command_key(self.topic, order.tenant_id, order.command_id))
        content = command_content(order)
        known = self._known(digest)
        if known == content:
            decision.count("duplicate")
            return
        first, seq = len(journal.entries), 0 if account is None else account.seq
        refusal = self._refuse(order, record.key, known)
        if refusal is None and account is not None and account.closed_ms == NEVER_MS:
            refusal = self.users.refuse(order, source.at_ms)
        if refusal is not None:
            reject(account, order, source, refusal, journal)
        elif isinstance(order, ORDERS) and (account is not None or isinstance(order, DropCall)):
            self._recycle(order, account, source)
        elif isinstance(order, RerateCall) and account is not None:
            oldest_day = self.shard.oldest_day(decision.stream_ms)
            self.rerating.obey(order, account, source, oldest_day * DAY_MS)
        else:
            is_new = account is None
            account = engine.command(account, order, source, self.rules, journal)
            if is_new and account is not None:
                decision.conservation.opened(account)
        refused = [x.reason for x in journal.entries[first:] if isinstance(x, CommandRejected)]
        decision.count(f"rejected.{refused[0]}" if refused else "accepted")
        if account is not None and account.seq != seq:
            setattr(account, self.applied, source.offset)
            self.working[order.tenant_id] = decision.changed[order.tenant_id] = account
        if known is None:
            self._remember(order, digest, content, first)

    def _recycle(self, order: Order, account: Account | None, source: Source) -> None:
        """Free, release or drop a call that waits, and remember it as charged where it is; or refuse to."""
        stream_ms, batches = self.decision.stream_ms, self.shard.batches
        oldest_ms = self.shard.oldest_day(stream_ms) * DAY_MS
        window = Window(oldest_ms, stream_ms, batches.window_days)
        released = self.recycling.obey(order, account, source, window)
        if released is not None:
            until_ms = self.originals.until_ms(released.cdr)
            self.recycling.remember(released, self._state(first_digest(released.cdr)), until_ms)

    def _refuse(self, order: r.Command, key: bytes | None, known: int | None) -> Refusal | None:
        """Refuse what no account needs to be asked about."""
        tenant = order.tenant_id.encode()
        right = partition_of(tenant, self.partitions)
        if key != tenant or right != self.shard.partition:
            shown = None if key is None else key[:64].decode(errors="replace")
            detail = f"key: {shown!r} in partition {self.shard.partition}; {order.tenant_id} belongs to {right}"
            return Refusal(Rejected.MISROUTED, detail)
        right_topic = TOPIC_OF[order.type]
        if right_topic != self.topic:
            detail = f"type: {order.type} must come on {right_topic}, found on {self.topic}"
            return Refusal(Rejected.WRONG_TOPIC, detail)
        if known is not None:
            detail = f"command_id: {order.command_id} is known with other content"
            return Refusal(Rejected.COMMAND_ID_REUSED, detail)
        if isinstance(order, r.AddFunds):
            lot = xxh3_128_digest(lot_key(order.tenant_id, order.lot_id))
            if self._known(lot) is not None:
                return lot_exists(order)
        return self.lot_ids.refuse(order, self.decision.stream_ms)

    def _remember(self, order: r.Command, digest: bytes, content: int, first: int) -> None:
        """Remember the command, and the lot if one was opened; the place is that of its own entry.

        By stream time: a command that is late has the whole window before it, too.
        """
        decision, entries = self.decision, self.decision.journal.entries
        mine = len(entries) - 1 if len(entries) > first else -1
        while mine > first and isinstance(entries[mine], DeckWarning | BillingStateChanged):
            mine -= 1
        place = decision.entry_place() - (len(entries) - 1 - mine) if mine >= 0 else -1
        now = decision.stream_ms
        self.fresh[digest] = content, now
        decision.remembered.append((digest, content, IdState.COMMAND, place, now))
        for entry in entries[first:]:
            self.lot_ids.remember(entry)
            said = self.users.remember(entry, self.working.get(order.tenant_id), self.rules)
            if said is not None:
                decision.journal.users.append(said)
        last = entries[mine] if mine >= 0 else None
        if isinstance(last, FundsAdded) and last.recharge_seq is not None:
            lot = xxh3_128_digest(lot_key(last.tenant_id, last.lot.lot_id))
            self.fresh[lot] = 0, now
            decision.remembered.append((lot, 0, IdState.COMMAND, place, now))

    def _known(self, digest: bytes) -> int | None:
        """Return the content an id is known with, or None."""
        oldest_day = self.shard.oldest_day(self.decision.stream_ms)
        if digest in self.fresh:
            content, at_ms = self.fresh[digest]
            return content if at_ms // DAY_MS >= oldest_day else None
        found = self._find(digest)
        known = found.hit[0] and found.day[0] >= oldest_day
        return int(found.content[0]) if known else None

    def _state(self, digest: bytes) -> IdState | None:
        """Return what is remembered of a CDR that no command of this batch concerns; None: nothing."""
        found = self._find(digest)
        oldest_day = self.shard.oldest_day(self.decision.stream_ms)
        known = found.hit[0] and found.day[0] >= oldest_day
        return IdState(int(found.state[0])) if known else None

    def _find(self, digest: bytes) -> Found:
        hashes = np.frombuffer(digest, "<u8").reshape(1, 2).astype(np.uint64)
        return self.shard.batches.index.find(hashes)

    def _account(self, tenant_id: str) -> Account | None:
        if tenant_id not in self.working:
            value = self.shard.accounts.get(tenant_id.encode())
            self.working[tenant_id] = account = None if value is None else decode_account(value)
            if account is not None:
                self.decision.conservation.touch(account)
        return self.working[tenant_id]
