"""Shard: all that one partition remembers: accounts, users, lots opened by hand, what it charged, what waits.

Each part is a state of a Faust table (`rater.shell.stream.tables`), read back from its changelog at start;
`rater simulate` makes them empty. Only a committed batch changes them.
"""

from collections.abc import Sequence

from rater.batch.charging.accounts import AccountsShard
from rater.batch.charging.charge_index import ChargeIndex
from rater.batch.charging.decision import Decision
from rater.batch.charging.lot_ids import LotIdsShard
from rater.batch.charging.open_suspense import SuspenseShard
from rater.batch.charging.running_sums import begun, begun_anew, can_be_said, read_sums
from rater.batch.charging.users import UsersShard
from rater.core.limits import DAY_MS, WINDOW_DAYS
from rater.core.pricing.rules import Rules
from rater.wire.layouts import unknown_layout
from topics.manifests import check_ids, split_manifest
from topics.records.batches import MANIFEST_LAYOUT
from topics.records.running_sums import RunningSums


class BatchesShard:
    """The charge index of one partition, its stream time, its running sums, and where it has read its sources to."""

    def __init__(self, window_days: int = WINDOW_DAYS) -> None:
        self.index = ChargeIndex(window_days=window_days)
        self.window_days = window_days
        self.stream_ms = 0
        self.sums: RunningSums | None = None
        """None: the last manifest has none, or there is none; they begin with what the accounts hold."""
        self.next_offsets: dict[str, int] = {}
        """By source topic, behind its last batch; of one whose manifests are deleted it is not known."""

    def load(self, records: Sequence[tuple[bytes | None, bytes | None]]) -> None:
        """Take a fetch of manifests, in their order; one of another layout, or with bad sums, raises ValueError."""
        header = None
        for _, value in records:
            if value is not None:
                header, ids = split_manifest(value)
                if (found := header.get("layout")) != MANIFEST_LAYOUT:
                    raise unknown_layout("batch manifest", found, MANIFEST_LAYOUT)
                check_ids(header, ids)
                self.stream_ms = max(self.stream_ms, header["at_ms"])
                self.index.load(ids)
                self.next_offsets[header["source_topic"]] = header["next_offset"]
        if header is not None:
            self.sums = read_sums(header)
        self.index.advance(self.stream_ms // DAY_MS)


class Shard:
    """One partition's state: read by a batch, changed when it has been committed."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        partition: int,
        accounts: AccountsShard,
        batches: BatchesShard,
        lot_ids: LotIdsShard,
        users: UsersShard,
        suspense: SuspenseShard,
    ) -> None:
        self.partition = partition
        self.accounts = accounts
        self.batches = batches
        self.lot_ids = lot_ids
        self.users = users
        self.suspense = suspense

    @classmethod
    def empty(cls, partition: int, window_days: int = WINDOW_DAYS) -> "Shard":
        """Return the state of a partition that has seen nothing."""
        batches = BatchesShard(window_days)
        users, suspense = UsersShard(), SuspenseShard()
        return cls(partition, AccountsShard(), batches, LotIdsShard(), users, suspense)

    def begin(self, topic: str, rules: Rules) -> Decision:
        """Begin the decision of a batch of a source topic."""
        batches = self.batches
        if batches.sums is None:
            batches.sums = begun(value for _, value in self.accounts.items())
        where = topic, self.partition, batches.stream_ms
        return Decision(*where, rules.plans, rules.settings, batches.sums)

    def apply(self, decision: Decision) -> None:
        """Take what a batch has committed; from now on it is the truth."""
        self.accounts.put(decision.accounts())
        self.lot_ids.put(decision.lot_ids)
        self.users.put(decision.user_rows())
        self.suspense.put(decision.open_suspense)
        batches = self.batches
        batches.stream_ms = max(batches.stream_ms, decision.stream_ms)
        if (sums := decision.running) is not None:
            batches.sums = sums if can_be_said(sums) else begun_anew(sums)
            if decision.next_offset:
                batches.next_offsets[decision.source_topic] = decision.next_offset
        batches.index.advance(batches.stream_ms // DAY_MS)
        if len(decision.ids):
            batches.index.remember(decision.ids)

    def oldest_day(self, stream_ms: int) -> int:
        """Return the first day of which every charged call is remembered, at a stream time."""
        batches = self.batches
        return max(stream_ms // DAY_MS - batches.window_days, batches.index.oldest_day)
