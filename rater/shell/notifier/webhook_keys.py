"""The keys that webhooks are signed with, and their versions: a secret is replaced while the one before still counts.

Headers and signature are those of Standard Webhooks 1.0 (https://www.standardwebhooks.com), whose libraries verify
them. A tenant's key is HMAC-SHA256(master secret, tenant_id), so that no secret is in a topic and none needs a store.
While both secrets are set, a webhook carries a signature of each, `v1,BASE64 v1,BASE64`, the current first: a receiver
that knows one of the keys accepts it, and changes from the old to the new at a time of its own.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field

_UNRESERVED = frozenset(map(chr, range(0x21, 0x7F))) - frozenset("%.")


def tenant_key(secret: str, tenant_id: str) -> bytes:
    """Return the key that a master secret gives a tenant."""
    return hmac.digest(secret.encode(), tenant_id.encode(), hashlib.sha256)


def written_key(key: bytes) -> str:
    """Return a key as its receiver is given it."""
    return f"whsec_{b64encode(key).decode()}"


def signed_headers(
    keys: Iterable[bytes], notification_id: str, at_s: int, body: bytes
) -> dict[str, str]:
    """Return the headers of a webhook, with a signature for each key; for each id another value."""
    message_id = _header_text(notification_id)
    signed = f"{message_id}.{at_s}.".encode() + body
    digests = (b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(f"v1,{digest}" for digest in digests),
    }


def _header_text(text: str) -> str:
    """Return an id, percent-encoded where it is not printable ASCII and at dots, which part what is signed."""
    return "".join(
        c if c in _UNRESERVED else "".join(f"%{b:02X}" for b in c.encode()) for c in text
    )


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """The master secrets that count now."""

    current: str = field(repr=False)
    previous: str | None = field(default=None, repr=False)

    def keys(self, tenant_id: str) -> dict[str, bytes]:
        """Return a tenant's keys by their version, the current one first."""
        secrets = {"current": self.current, "previous": self.previous}
        return {name: tenant_key(each, tenant_id) for name, each in secrets.items() if each}
