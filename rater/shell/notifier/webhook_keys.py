"""The keys that webhooks are signed with, and their versions: a secret is replaced while the one before still counts.

A tenant's key is HMAC-SHA256(master secret, tenant_id), so that no secret is in a topic and none needs a store. While
both secrets are set, a webhook carries a signature of each, `t=SECONDS,v1=HEX,v1=HEX`, the current first: a receiver
that knows one of the keys accepts it, and changes from the old to the new at a time of its own.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field


def tenant_key(secret: str, tenant_id: str) -> bytes:
    """Return the key that a master secret gives a tenant."""
    return hmac.digest(secret.encode(), tenant_id.encode(), hashlib.sha256)


def signature(keys: Iterable[bytes], at_s: int, body: bytes) -> str:
    """Return the value of the header `Rater-Signature`, with a signature for each key."""
    signed = b"%d." % at_s + body
    digests = (hmac.digest(key, signed, hashlib.sha256).hex() for key in keys)
    return ",".join([f"t={at_s}", *(f"v1={digest}" for digest in digests)])


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """The master secrets that count now."""

    current: str = field(repr=False)
    previous: str | None = field(default=None, repr=False)

    def keys(self, tenant_id: str) -> dict[str, bytes]:
        """Return a tenant's keys by their version, the current one first."""
        secrets = {"current": self.current, "previous": self.previous}
        return {name: tenant_key(each, tenant_id) for name, each in secrets.items() if each}
