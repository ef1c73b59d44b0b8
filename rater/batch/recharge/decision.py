"""RechargeDecision: all that one batch of recharge wants written, before it is committed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, final

from rater.batch.outputs import Output, Records, encoded
from rater.core.recharge.journal import IsHeld, RechargeJournal, nothing_held
from rater.core.recharge.state import Recharge
from rater.wire.outputs import encode
from rater.wire.recharge.state import encode_recharge
from topics import catalog
from topics.records import BatchManifest
from topics.records.batches import MANIFEST_LAYOUT
from topics.records.notifications import RechargeCappedNotification, RechargePausedNotification

_ASKED: Final = {
    "add_funds": "credit",
    "reverse_payment": "reversed",
    "restore_payment": "restored",
}


@final
class RechargeDecision:
    """What a batch of one partition writes and counts; the step takes it as it is decided, and clears it."""

    MANIFEST: ClassVar = catalog.RECHARGE_BATCHES.name
    EXPECTED: ClassVar = (catalog.RECHARGES_CHANGELOG.name, catalog.RECHARGE_BATCHES.name)
    """The topics that nearly every batch writes to."""
    PLACED: ClassVar[tuple[str, ...]] = ()
    """The manifest names no offsets: recharge remembers no ids."""

    def __init__(self, source_topic: str, partition: int, held: IsHeld = nothing_held) -> None:
        self.source_topic = source_topic
        self.partition = partition
        self.at_ms = 0
        self.records = 0
        self._held = held
        self.journal = RechargeJournal(held)
        self.quarantined: Records = []
        self.dead: Records = []
        self.changed: dict[str, Recharge] = {}
        self.outcomes: Counter[str] = Counter()
        self.charged: dict[str, int] = {}
        """Recharge charges nobody."""
        self.orders: Counter[str] = Counter()
        """What was asked of accounts: `credit`, `reversed`, `restored`."""
        self.notices: Counter[str] = Counter()
        """Notices by kind."""
        self.held: Counter[str] = Counter()
        """Recharges that were needed and are not made, by what holds them back, as that is told."""
        self.asked_ms: list[int] = []
        """Of each payment that a charge made necessary the time of the CDR's record."""
        self.taken: Counter[str] = Counter()
        """How many records of each topic were taken."""
        self._recharges: dict[bytes, bytes] | None = None

    def outputs(self) -> list[Output]:
        """Take what was decided since the last time: the records of every topic, in the order decided."""
        journal = self.journal
        self._count(journal)
        outputs: list[Output] = [
            (catalog.PAYMENT_COMMANDS.name, encoded(journal.payments)),
            (
                catalog.ACCOUNT_COMMANDS.name,
                encoded(journal.orders),
            ),
            (catalog.NOTIFICATIONS.name, encoded(journal.notices)),
            (catalog.PAYMENT_QUARANTINE.name, self.quarantined),
            (catalog.RECHARGE_DEAD.name, self.dead),
        ]
        self.taken.update({topic: len(records) for topic, records in outputs})
        self.journal, self.quarantined, self.dead = RechargeJournal(self._held), [], []
        return outputs

    def changelogs(self) -> list[Output]:
        """Return the state that the batch changes, once it is decided as a whole."""
        return [(catalog.RECHARGES_CHANGELOG.name, list(self.recharges().items()))]

    def recharges(self) -> dict[bytes, bytes]:
        """Return the new bytes of every recharge that changed; encoded once, when all is decided."""
        if self._recharges is None:
            changed = self.changed.items()
            self._recharges = {name.encode(): encode_recharge(each) for name, each in changed}
        return self._recharges

    def place(self, offsets: Mapping[str, Sequence[int]]) -> None:
        """Learn the offsets of what was written; nothing here needs them."""

    def manifest(self, first_offset: int, next_offset: int) -> bytes:
        """Return the value of the batch manifest, when all was taken; recharge remembers no ids in it."""
        header = BatchManifest(
            layout=MANIFEST_LAYOUT,
            app=catalog.RECHARGE_APP,
            source_topic=self.source_topic,
            partition=self.partition,
            first_offset=first_offset,
            next_offset=next_offset,
            records=self.records,
            outcomes=dict(sorted(self.outcomes.items())),
            ledger=0,
            events=self.taken[catalog.PAYMENT_COMMANDS.name],
            ids=0,
            at_ms=self.at_ms,
        )
        return encode(header)

    def _count(self, journal: RechargeJournal) -> None:
        for order in journal.orders:
            self.orders[_ASKED[order.type]] += 1
        for notice in journal.notices:
            self.notices[str(notice.__struct_config__.tag)] += 1
            if isinstance(notice, RechargeCappedNotification):
                self.held[f"{notice.cap}_cap"] += 1
            elif isinstance(notice, RechargePausedNotification):
                self.held[notice.reason] += 1
