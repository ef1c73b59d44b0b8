"""CDR ids: the 128-bit hashes by which CDRs are remembered."""

from typing import Final, final

from xxhash import xxh3_128_digest

from rater.core.cdr import Cdr
from topics.manifests import cdr_key

# Bound once: a name of a module that is not compiled is looked up each time.
_digest: Final = xxh3_128_digest


@final
class CdrIds:
    """The ids of the CDRs of a batch."""

    def __init__(self) -> None:
        self._heads: dict[str, bytes] = {}
        """How the key of a first version begins, by tenant."""

    def digest(self, cdr: Cdr) -> bytes:
        """Return what `id_digest` does."""
        tenant_id = cdr.tenant_id
        if cdr.version != 1:
            return id_digest(cdr)
        # A key ends with the id, so what comes before it is made once for each tenant of the batch.
        head = self._heads.get(tenant_id)
        if head is None:
            head = self._heads[tenant_id] = cdr_key(tenant_id, "", 1)
        return _digest(head + cdr.cdr_id.encode())


def id_digest(cdr: Cdr) -> bytes:
    """Return the 128-bit hash of what identifies a CDR: tenant, id and version."""
    return _digest(cdr_key(cdr.tenant_id, cdr.cdr_id, cdr.version))
