"""Originals: what a correction refers to: which version of a CDR stands, and the entry that it came to.

Rule 1: the head of the id says it, where there is one; else the first version does.
Rule 2: what this batch has decided holds before what the charge index remembers.
Rule 3: entries of earlier batches are read back from the ledger: `needs` names their offsets, the shell fetches them,
`give` takes them. Those of this batch are kept until it ends, as they were written.
Rule 4: an entry that is not of the tenant, the id and the version that were asked for is a broken invariant.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, final

import numpy as np
from xxhash import xxh3_128_digest

from rater.batch.charging.charge_index import ChargeIndex
from rater.batch.charging.decision import Decision
from rater.batch.charging.heads import Identified, first_of, head_of, is_corrective
from rater.batch.charging.remembered import Remembered
from rater.batch.charging.waiting import conflict, too_old
from rater.core.cdr import Cdr
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import DAY_MS
from rater.core.suspension import Suspension
from rater.wire.account.originals import Posted, decode_posted
from topics.catalog import LEDGER
from topics.manifests import IdState
from topics.records import Charge, ChargeReversed

CORRECTIONS_MAX: Final = 256
"""Corrections whose originals are fetched at once."""
_ON_LEDGER = (IdState.CHARGED, IdState.HEAD)


class Standing(NamedTuple):
    """What is known of a CDR: the version that stands, 0 where none does, and its charge, None where it has none."""

    version: int
    charge: Charge | None
    first: IdState | None
    """What is remembered of its first version; None: nothing."""
    voided: str | None = None
    """Where a void stands: the charge that it took back, or its own entry where it found none."""

    @property
    def stands(self) -> tuple[bool, bool]:
        """Return whether a charge stands, and whether a void does."""
        return self.charge is not None, self.voided is not None


NOTHING: Final = Standing(0, None, IdState.CHARGED)
"""Where corrections are not taken, nothing is looked for."""


class _Found(NamedTuple):
    state: IdState
    content: int
    place: int
    is_fresh: bool
    until_ms: int
    """As of when the window forgets it."""


@final
class Originals:
    """The originals of one batch."""

    def __init__(
        self, index: ChargeIndex, decision: Decision, fresh: dict[bytes, Remembered]
    ) -> None:
        """Take the batch's decision and what it remembers, which go on."""
        self._index = index
        self._decision = decision
        self._fresh = fresh
        self._given: dict[int, bytes] = {}

    def needs(self, cdrs: Iterable[Identified]) -> list[int]:
        """Return the ledger offsets that `of` must have been given for these CDRs, as far as it is known yet.

        From all that is remembered: while the batch is decided, a version of the settings may widen the window.
        """
        keys = [key for cdr in cdrs for key in (head_of(cdr), first_of(cdr))]
        found = self._find(keys, 0)
        places = {
            each.place
            for each in found
            if each is not None and each.state in _ON_LEDGER and not each.is_fresh
        }
        return sorted(places - self._given.keys())

    def give(self, entries: Mapping[int, bytes]) -> None:
        """Take entries of the ledger by their offsets."""
        self._given.update(entries)

    def of(self, cdr: Identified, oldest_ms: int) -> Standing:
        """Return what is known of a CDR."""
        head, first = self._find([head_of(cdr), first_of(cdr)], oldest_ms)
        state = None if first is None else first.state
        standing = head or first
        if standing is None or standing.state not in _ON_LEDGER:
            return Standing(0, None, state)
        version = 1 if head is None else standing.content
        posted = self._posted(standing)
        said = (posted.tenant_id, posted.cdr_id, _version(posted))
        asked = (cdr.tenant_id, cdr.cdr_id, version)
        assert said == asked, f"{asked} is remembered at {standing.place}, where {said} is"
        if isinstance(posted, ChargeReversed):
            return Standing(version, None, state, posted.reverses)
        if posted.reason == "voided":
            return Standing(version, None, state, posted.entry_id)
        return Standing(version, posted, state)

    def until_ms(self, cdr: Identified) -> int:
        """Return as of when the window forgets what is known of a CDR by now; what stands from now on outlives it."""
        found = self._find([head_of(cdr), first_of(cdr)], 0)
        return max((each.until_ms for each in found if each is not None), default=0)

    def is_known(self, cdr: Identified, oldest_ms: int) -> bool:
        """Say whether anything is remembered of a CDR's first version, or of one that stands."""
        return any(self._find([head_of(cdr), first_of(cdr)], oldest_ms))

    def judge(
        self, cdr: Cdr, oldest_ms: int, settings: ChargingSettings
    ) -> Standing | Suspension | str:
        """Return what a correction finds; or its outcome, where a higher version stands; or why it waits."""
        if not settings.corrections:
            return NOTHING
        found = self.of(cdr, oldest_ms)
        if cdr.version < found.version:
            return "voided" if found.charge is None else "superseded"
        if cdr.version == found.version:
            return conflict(cdr)
        if not found.version and found.first is None and cdr.started_ms < oldest_ms:
            # Its first version ended after this start, and may have been charged and forgotten.
            return too_old(cdr, oldest_ms, settings.version)
        return found

    def knows(self, cdr: Cdr, oldest_ms: int) -> bool:
        """Say of a call that is older than the window whether it is known what came of it: by a later version.

        Of a first version, that a later one was taken before it; of a later one, which stands.
        """
        key = head_of(cdr) if is_corrective(cdr) else first_of(cdr)
        return self._find([key], oldest_ms)[0] is not None

    def _posted(self, found: _Found) -> Posted:
        if found.is_fresh:
            return self._decision.posted(found.place)
        value = self._given.get(found.place)
        assert value is not None, f"{LEDGER.name}: no entry at {found.place}"
        return decode_posted(value)

    def _find(self, keys: Sequence[bytes], oldest_ms: int) -> list[_Found | None]:
        """Look ids up, in this batch first, which replaces what was known; what is older than the window is not."""
        digests = [xxh3_128_digest(key) for key in keys]
        if not digests:
            return []
        hashes = np.frombuffer(b"".join(digests), "<u8").reshape(-1, 2).astype(np.uint64)
        known = self._index.find(hashes)
        found: list[_Found | None] = []
        for number, digest in enumerate(digests):
            fresh = self._fresh.get(digest)
            if fresh is not None:
                here = _Found(IdState(fresh[2]), fresh[1], fresh[3], True, fresh[4])
                found.append(here if fresh[4] >= oldest_ms else None)
            elif known.hit[number] and int(known.day[number]) * DAY_MS >= oldest_ms:
                state, content = IdState(int(known.state[number])), int(known.content[number])
                place, until_ms = int(known.place[number]), int(known.day[number]) * DAY_MS
                found.append(_Found(state, content, place, False, until_ms))
            else:
                found.append(None)
        return found


def _version(posted: Posted) -> int:
    return posted.by_version if isinstance(posted, ChargeReversed) else posted.version
