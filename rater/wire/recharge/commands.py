"""Recharge commands from bytes and back: the timer's, and an administrator's."""

from typing import Annotated

import msgspec
from msgspec import Meta

from rater.wire.demands import found, one_of
from rater.wire.malformed import Malformed, Why
from rater.wire.outputs import encode
from rater.wire.strict import read_strictly

_Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+\Z")]
_Tenant = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:@-]+\Z")]

ROLES = ("billing_admin", "global_admin")
"""Who may resume; without a role the writer is trusted: the topic's ACL has let him in."""


class RechargeDue(msgspec.Struct, frozen=True, tag_field="type", tag="recharge_due"):
    """The timer's: the time has come to `due_ms`."""

    command_id: _Id
    tenant_id: _Tenant
    due_ms: Annotated[int, Meta(ge=0, le=4_133_980_800_000)]


class ResumeRecharge(msgspec.Struct, frozen=True, tag_field="type", tag="resume_recharge"):
    """An administrator's: forget what is paused or held."""

    command_id: _Id
    tenant_id: _Tenant
    reason: Annotated[str, Meta(max_length=1000)] | None = None
    actor: _Id | None = None
    actor_role: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


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
