"""Keys: what the key of a record is made of, and which tenant it names.

A record lies in the partition of its tenant, whatever else its key names (D2, D16). No tenant's id has a slash or a
blank.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Key:
    """What the keys of a topic are."""

    text: str
    """For people; where it is fields of the record, with slashes between them."""
    tenant_of: Callable[[bytes], bytes | None]
    """Returns the tenant that a key names; None where it names none."""
    names_tenants: bool = True
    is_by_tenant: bool = True
    """A record lies in the partition of the tenant that its key names."""

    def __str__(self) -> str:
        """Return what it is made of."""
        return self.text

    def of(self, record: Mapping[str, Any]) -> bytes:
        """Return the key of a record, where it is made of fields."""
        return encoded("/".join(str(record[name]) for name in self.text.split("/")))


def encoded(text: str) -> bytes:
    """Return a key as bytes; half a surrogate pair (JSON can spell one) must not raise."""
    return text.encode("utf-8", "surrogatepass")


def user_key(tenant_id: str, user_id: str) -> bytes:
    """Return the key of a user.

    >>> user_key("acme", "ann@acme.example")
    b'acme/ann@acme.example'
    """
    return encoded(f"{tenant_id}/{user_id}")


def suspense_key(tenant_id: str, cdr_id: str) -> bytes:
    """Return the key of a call that waits for a price.

    >>> suspense_key("acme", "sw7-000123")
    b'acme/sw7-000123'
    """
    return encoded(f"{tenant_id}/{cdr_id}")


def lot_key(tenant_id: str, lot_id: str) -> bytes:
    """Return the key of a lot: it is opened once, whatever command asks for it.

    >>> lot_key("acme", "L1")
    b'lot 4 acme L1'
    """
    return encoded(f"lot {len(tenant_id)} {tenant_id} {lot_id}")


def tenant_in_front(key: bytes) -> bytes:
    """Return the tenant of a key of a tenant, of its users or of its calls.

    >>> tenant_in_front(b"acme/ann@acme.example"), tenant_in_front(b"acme")
    (b'acme', b'acme')
    """
    return key.partition(b"/")[0]


def _whole(key: bytes) -> bytes:
    return key


def _of_lot(key: bytes) -> bytes | None:
    lot, _, rest = key.partition(b" ")
    length, _, rest = rest.partition(b" ")
    return rest.partition(b" ")[0] if lot == b"lot" and length else None


def _nobody(_key: bytes) -> None:
    return None


def _without_tenant(text: str) -> Key:
    return Key(text, _nobody, names_tenants=False, is_by_tenant=False)


TENANT = Key("tenant_id", _whole)
USER = Key("tenant_id/user_id", tenant_in_front)
CALL = Key("tenant_id/cdr_id", tenant_in_front)
LOT = Key("`lot`, length of tenant_id, tenant_id, lot id; or `forgotten`", _of_lot)
OWN = Key("the record's own key", _whole, is_by_tenant=False)
"""Of what could not be read: it lies where its source lay."""
DECK = _without_tenant("deck_id/version/part")
VERSION = _without_tenant("version")
SOURCE = _without_tenant("source topic")
LETTER = _without_tenant("dead_id/letter_at_ms")
"""In the partition of the letter. Of a topic that was made anew other letters have the same ids, and other times."""
