"""Decision: all that one batch wants written, before it is committed.

The batch manifest comes last: it names the offsets of the ledger entries and suspense records, known only when those
are in the log (D8).
"""

from collections import Counter
from collections.abc import Sequence
from typing import final

import numpy as np
import numpy.typing as npt

from rater.batch.charging.charge_index import make_entries
from rater.batch.charging.id_table import ENTRY
from rater.batch.charging.lot_ids import Changes
from rater.core.account.account import Account
from rater.core.account.journal import Journal
from rater.core.limits import DAY_MS
from rater.wire.account.state import encode_account
from rater.wire.outputs import encode
from topics.catalog import APP
from topics.manifests import PLACE_MAX, IdState, join_manifest
from topics.records import BatchManifest

Records = list[tuple[bytes | None, bytes | None]]

NOWHERE = PLACE_MAX
"""The place of an id that left no record: a timer's command that found nothing to do."""


Remembered = tuple[bytes, int, IdState, int, int]
"""An id to remember: its 16-byte digest, the hash of its content, its state, the index of its record among those that
the batch writes (-1: none), and the time whose day the window is applied to."""


@final
class Decision:
    """What a batch of one partition writes and counts."""

    def __init__(self, source_topic: str, partition: int, stream_ms: int) -> None:
        self.source_topic = source_topic
        self.partition = partition
        self.stream_ms = stream_ms
        self.records = 0
        self.journal = Journal()
        self.suspense: Records = []
        self.dead: Records = []
        self.remembered: list[Remembered] = []
        self.changed: dict[str, Account] = {}
        self.lot_ids: Changes = {}
        self.outcomes: Counter[str] = Counter()

    def ledger(self) -> Records:
        """Return the ledger entries as records, in the order decided."""
        return [(entry.tenant_id.encode(), encode(entry)) for entry in self.journal.entries]

    def events(self) -> Records:
        """Return the balance events as records."""
        return [(event.tenant_id.encode(), encode(event)) for event in self.journal.events]

    def statuses(self) -> Records:
        """Return the account statuses as records."""
        return [(status.tenant_id.encode(), encode(status)) for status in self.journal.statuses]

    def accounts(self) -> dict[bytes, bytes]:
        """Return the new bytes of every account that changed."""
        return {name.encode(): encode_account(a) for name, a in self.changed.items()}

    def packed(self, ledger: Sequence[int], suspense: Sequence[int]) -> npt.NDArray[np.void]:
        """Return the ids as they stand in the manifest, given the offsets of the records written."""
        if not self.remembered:
            return np.zeros(0, ENTRY)
        digests, content, states, index, times = zip(*self.remembered, strict=True)
        state = np.array(states, np.uint64)
        return make_entries(
            np.frombuffer(b"".join(digests), "<u8").reshape(-1, 2),
            content=content,
            place=_places(state, np.array(index, np.int64), ledger, suspense),
            state=state,
            day=np.array(times, np.int64) // DAY_MS,
        )

    def manifest(self, first_offset: int, next_offset: int, packed: npt.NDArray[np.void]) -> bytes:
        """Return the value of the batch manifest."""
        header = BatchManifest(
            app=APP,
            source_topic=self.source_topic,
            partition=self.partition,
            first_offset=first_offset,
            next_offset=next_offset,
            records=self.records,
            outcomes=dict(self.outcomes),
            ledger=len(self.journal.entries),
            events=len(self.journal.events),
            ids=len(packed),
            at_ms=self.stream_ms,
        )
        return join_manifest(encode(header), packed.tobytes())


def _places(
    state: npt.NDArray[np.uint64],
    index: npt.NDArray[np.int64],
    ledger: Sequence[int],
    suspense: Sequence[int],
) -> npt.NDArray[np.uint64]:
    """Return for each id the offset of its record."""
    places = np.full(len(index), NOWHERE, np.uint64)
    suspended = state == IdState.SUSPENDED
    for mine, offsets in ((suspended, suspense), (~suspended, ledger)):
        written = mine & (index >= 0)
        if written.any():
            places[written] = np.asarray(offsets, np.uint64)[index[written]]
    return places
