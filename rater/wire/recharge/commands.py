"""Recharge commands from bytes and back: the timer's, and an administrator's."""

import msgspec

from rater.wire.demands import found, one_of
from rater.wire.malformed import Malformed, Why
from rater.wire.outputs import encode
from rater.wire.strict import read_strictly
from topics.records import RechargeDue, ResumeRecharge

ROLES = ("billing_admin", "global_admin")
"""Who may resume; without a role the writer is trusted: the topic's ACL has let him in."""


RechargeCommand = RechargeDue | ResumeRecharge
_decode = msgspec.json.Decoder(RechargeCommand).decode


def decode_recharge_command(value: bytes | None) -> RechargeCommand | Malformed:
    """Read one command; never raises."""
    raw: RechargeCommand | Malformed = read_strictly(_decode, value)
    if isinstance(raw, ResumeRecharge) and raw.actor_role not in (None, *ROLES):
        detail = f"{one_of(ROLES)}{found(raw.actor_role)}"
        return Malformed(Why.UNKNOWN_VALUE, "actor_role", detail)
    return raw


def due_command(tenant_id: str, due_ms: int) -> bytes:
    """Return the timer's command: sent twice, the second finds nothing that waits."""
    return encode(RechargeDue(f"due/{tenant_id}/{due_ms}", tenant_id, due_ms))
