"""Places: where the entries of one CDR lie, by the ids that batch manifests remember (`topics/manifests.py`).

The manifests of a partition are the index: 28 bytes an id, looked through for a few hashes. Each time that a CDR came
to an entry or to suspense its id was remembered anew, with the place; so all of them are found, the last one last.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from xxhash import xxh3_128_digest

from topics.manifests import ID_BYTES, IdState, RememberedId, cdr_key, head_key, unpack_ids

VERSIONS_MAX = 64
"""Of one CDR so many are looked for by their own number; what stands, whatever its number is."""
_WAITING_MAX = 4


class Places(NamedTuple):
    """Offsets in the partition of the tenant."""

    ledger: tuple[int, ...]
    suspense: tuple[int, ...]
    head: int
    """The version that stands; 1 where nothing is known of a later one."""


_ON_LEDGER = (IdState.CHARGED, IdState.HEAD)


def places_of(manifests: Iterable[bytes], tenant_id: str, cdr_id: str) -> Places:
    """Return the places of a CDR, given the packed ids of all manifests in their order."""
    packed = list(manifests)
    head = xxh3_128_digest(head_key(tenant_id, cdr_id))
    first = xxh3_128_digest(cdr_key(tenant_id, cdr_id, 1))
    found = list(_remembered(packed, (head, first)))
    version = max([each.content for each in found if each.hash == head], default=1)
    # Later versions that wait have no head yet.
    most = min(max(version, _WAITING_MAX), VERSIONS_MAX)
    later = [xxh3_128_digest(cdr_key(tenant_id, cdr_id, n)) for n in range(2, most + 1)]
    found += _remembered(packed, later)
    ledger = {each.place for each in found if each.state in _ON_LEDGER}
    suspense = {each.place for each in found if each.state is IdState.SUSPENDED}
    return Places(tuple(sorted(ledger)), tuple(sorted(suspense)), version)


def _remembered(packed: Iterable[bytes], digests: Iterable[bytes]) -> Iterator[RememberedId]:
    """Yield all that is remembered of some hashes."""
    wanted = tuple(digests)
    for ids in packed:
        for digest in wanted:
            at = ids.find(digest)
            while at >= 0:
                if at % ID_BYTES == 0:
                    yield unpack_ids(ids[at : at + ID_BYTES])[0]
                at = ids.find(digest, at + 1)
