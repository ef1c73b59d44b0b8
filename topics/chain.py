"""Chain: each end of a dead letter names the one before it in its partition, so that none is altered or lost unseen.

An end has its number in the partition, from 1, and as its last field `chain_sha256`: the SHA-256, in hex, of that of
the end before (of the first: nothing), a line feed, and the record's own JSON without that field.
"""

import re
from hashlib import sha256
from typing import NamedTuple

_LAST = re.compile(rb',"chain_sha256":"([0-9a-f]{64})"\}\Z')


class Link(NamedTuple):
    """The end of a chain: how many links there are, and the digest that the next one is made of."""

    number: int
    digest: str


NO_LINK = Link(0, "")


def digest_of(before: Link, text: bytes) -> str:
    """Return the digest of the next link; `text` is its record as JSON, without its digest.

    >>> digest_of(NO_LINK, b'{"number":1}')[:8]
    'a7bb6c67'
    """
    return sha256(before.digest.encode() + b"\n" + text).hexdigest()


def split_link(value: bytes) -> tuple[bytes, str | None]:
    """Return a record without its digest, and that; None: it has none.

    >>> split_link(b'{"number":1}')
    (b'{"number":1}', None)
    """
    found = _LAST.search(value)
    if found is None:
        return value, None
    return value[: found.start()] + b"}", found[1].decode()
