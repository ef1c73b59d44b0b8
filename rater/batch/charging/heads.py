"""Heads: what is remembered of a CDR of which a later version was taken, beside that version's own id.

Rule 1: the head says which version stands, and where its entry is; only ids with a later version have one.
Rule 2: while the first version has not come, its own id is remembered, too: the look-up that every CDR takes anyway
        answers for it. `superseded`, where a charge stands; `voided`, where a void does.
Rule 3: both move with each version that is taken, in its transaction, and live as long as the last of them.
"""

from typing import Final, Protocol

from xxhash import xxh3_128_digest

from rater.batch.charging.remembered import Remembered
from rater.core.cdr import Cdr
from topics.manifests import IdState, cdr_key, head_key

OUTCOME_AHEAD: Final[dict[int, str]] = {
    IdState.SUPERSEDED: "superseded",
    IdState.VOIDED: "voided",
}
"""What becomes of a first version that comes after a later one, by what is remembered of it."""


class Identified(Protocol):
    """What names a CDR: itself, or an order about it."""

    @property
    def tenant_id(self) -> str:
        """Whose it is."""

    @property
    def cdr_id(self) -> str:
        """Its id."""


def is_corrective(cdr: Cdr) -> bool:
    """Say whether a CDR refers to an original."""
    return cdr.version != 1 or cdr.kind != "final"


def until_ms(cdr: Cdr, stream_ms: int) -> int:
    """Return the time as of which the window forgets a CDR that is taken at a time of the stream.

    That of its end; of a later version not before that of the stream, for its call may be old, and its record late: no
    version that comes outlives it.
    """
    return max(stream_ms, cdr.ended_ms) if is_corrective(cdr) else cdr.ended_ms


def heads(cdr: Cdr, place: int, until_ms: int, first: IdState | None) -> list[Remembered]:
    """Return what is remembered of a later version beside its own id: the head, and the first while it has not come.

    `first`: what was remembered of that. `until_ms` is not before that of anything that is known of the CDR: else what
    the head replaces would outlive it, and would stand again.
    """
    if cdr.version == 1:
        return []
    head = xxh3_128_digest(head_of(cdr)), cdr.version, IdState.HEAD, place, until_ms
    if first is not None and first not in OUTCOME_AHEAD:
        return [head]
    state = IdState.VOIDED if cdr.kind == "void" else IdState.SUPERSEDED
    return [head, (first_digest(cdr), cdr.version, state, place, until_ms)]


def first_digest(cdr: Cdr) -> bytes:
    """Return the hash of a CDR's first version."""
    return xxh3_128_digest(first_of(cdr))


def head_of(cdr: Identified) -> bytes:
    """Return the key of a CDR's head."""
    return head_key(cdr.tenant_id, cdr.cdr_id)


def first_of(cdr: Identified) -> bytes:
    """Return the key of a CDR's first version."""
    return cdr_key(cdr.tenant_id, cdr.cdr_id, 1)
