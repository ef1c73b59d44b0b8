"""Decision: all that one batch wants written, before it is committed.

The batch manifest comes last: it names the offsets of the ledger entries and suspense records, known only when those
are in the log (D8).
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rater.core.account import Account
from rater.core.journal import Journal
from rater.core.limits import DAY_MS
from rater.shell.charge_index import make_entries
from rater.shell.id_table import ENTRY
from rater.wire.outputs import encode
from rater.wire.state import encode_account
from topics.catalog import APP
from topics.manifests import PLACE_MAX, IdState, join_manifest
from topics.records import BatchManifest

Records = list[tuple[bytes | None, bytes]]

NOWHERE = PLACE_MAX
"""The place of an id that left no record: a timer's command that found nothing to do."""


class Remembered:
    """The ids that a batch remembers, column by column; a place is an index into what the batch writes."""

    __slots__ = ("content", "day", "hashes", "place", "state")

    def __init__(self) -> None:
        self.hashes: list[bytes] = []
        self.content: list[int] = []
        self.state: list[int] = []
        self.place: list[int] = []
        self.day: list[int] = []

    def add(self, digest: bytes, content: int, state: IdState, place: int, at_ms: int) -> None:
        """Remember an id (its 16-byte digest) until the window has passed the day of `at_ms`."""
        self.hashes.append(digest)
        self.content.append(content)
        self.state.append(state)
        self.place.append(place)
        self.day.append(at_ms // DAY_MS)

    def packed(self, ledger: Sequence[int], suspense: Sequence[int]) -> npt.NDArray[np.void]:
        """Return the ids as they stand in a manifest, given the offsets of the records written."""
        if not self.hashes:
            return np.zeros(0, ENTRY)
        state = np.array(self.state, np.uint64)
        return make_entries(
            np.frombuffer(b"".join(self.hashes), "<u8").reshape(-1, 2),
            content=self.content,
            place=self._places(state, ledger, suspense),
            state=state,
            day=self.day,
        )

    def _places(
        self, state: npt.NDArray[np.uint64], ledger: Sequence[int], suspense: Sequence[int]
    ) -> npt.NDArray[np.uint64]:
        index = np.array(self.place, np.int64)
        places = np.full(len(index), NOWHERE, np.uint64)
        suspended = (state == IdState.SUSPENDED) & (index >= 0)
        entered = (state != IdState.SUSPENDED) & (index >= 0)
        if suspended.any():
            places[suspended] = np.asarray(suspense, np.uint64)[index[suspended]]
        if entered.any():
            places[entered] = np.asarray(ledger, np.uint64)[index[entered]]
        return places


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
        self.remembered = Remembered()
        self.changed: dict[str, Account] = {}
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
