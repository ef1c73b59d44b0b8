"""Dead letters as bytes: letters and their ends are read, and what a letter keeps of its record."""

from base64 import b64decode
from hashlib import sha256
from typing import Final

import msgspec

from topics.keys import tenant_in_front
from topics.records import Dead, DeadEnded

TENANT_BYTES_MAX: Final = 64

_read_letter: Final = msgspec.json.Decoder(Dead).decode
_read_end: Final = msgspec.json.Decoder(DeadEnded).decode


def decode_letter(value: bytes | None) -> Dead | None:
    """Read a dead letter; None for what is none."""
    try:
        return _read_letter(value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def decode_end(value: bytes | None) -> DeadEnded | None:
    """Read the end of a dead letter; None for what is none."""
    try:
        return _read_end(value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def kept_of(text_b64: str | None) -> bytes | None:
    """Return what a letter keeps of a key or a value; None: there was none, or what stands there is no base64.

    >>> kept_of("YWNtZQ=="), kept_of(None)
    (b'acme', None)
    """
    try:
        return None if text_b64 is None else b64decode(text_b64, validate=True)
    except ValueError:
        return None


def tenant_of(letter: Dead) -> str | None:
    """Return the tenant that a letter is of, as far as is known: by its record's key, else by what its value says."""
    key = kept_of(letter.key_b64)
    if key is None:
        return said_tenant(kept_of(letter.value_b64))
    name = tenant_in_front(key)
    if not 0 < len(name) <= TENANT_BYTES_MAX or not name.isascii():
        return None
    text = name.decode()
    return text if text.isprintable() else None


def said_tenant(value: bytes | None) -> str | None:
    """Return the tenant that a value names; None where it names none, or cannot be read.

    >>> said_tenant(b'{"tenant_id":"acme"}'), said_tenant(b"{no json")
    ('acme', None)
    """
    try:
        said = msgspec.json.decode(value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    tenant = said.get("tenant_id") if isinstance(said, dict) else None
    if not isinstance(tenant, str) or not 0 < len(tenant) <= TENANT_BYTES_MAX:
        return None
    return tenant if tenant.isprintable() else None


def is_whole(letter: Dead) -> bool:
    """Say whether a letter keeps its record's key and value whole."""
    return letter.key_bytes is None and letter.value_bytes is None


def is_of(letter: Dead, key: bytes | None, value: bytes | None, *, hides: bool) -> bool:
    """Say whether a record is the one that a letter is of; `hides`: digits of what the letter keeps may be hidden."""
    same_key = _is_same(letter.key_b64, letter.key_sha256, key)
    return same_key and (
        (hides and letter.value_sha256 is None)
        or _is_same(letter.value_b64, letter.value_sha256, value)
    )


def _is_same(kept_b64: str | None, digest: str | None, found: bytes | None) -> bool:
    if digest is not None:
        return found is not None and sha256(found).hexdigest() == digest
    return kept_of(kept_b64) == found
