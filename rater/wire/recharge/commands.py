"""Recharge commands from bytes and back: an administrator's, and the timer's, each of its own topic."""

import msgspec

from rater.wire.demands import found, one_of
from rater.wire.malformed import Malformed, Why
from rater.wire.outputs import encode
from rater.wire.strict import read_strictly
from topics.fields import ADMINISTRATOR_ROLES
from topics.records import RechargeDue, ResumeRecharge

_decode = msgspec.json.Decoder(RechargeDue | ResumeRecharge).decode


def decode_recharge_timer(value: bytes | None) -> RechargeDue | Malformed:
    """Read one command of the timer; never raises."""
    raw = read_strictly(_decode, value)
    return raw if isinstance(raw, RechargeDue | Malformed) else _of_other_topic(raw, RechargeDue)


def decode_recharge_command(value: bytes | None) -> ResumeRecharge | Malformed:
    """Read one command of an administrator; never raises."""
    raw = read_strictly(_decode, value)
    if not isinstance(raw, ResumeRecharge):
        return raw if isinstance(raw, Malformed) else _of_other_topic(raw, ResumeRecharge)
    if raw.actor_role not in (None, *ADMINISTRATOR_ROLES):
        detail = f"{one_of(ADMINISTRATOR_ROLES)}{found(raw.actor_role)}"
        return Malformed(Why.UNKNOWN_VALUE, "actor_role", detail)
    return raw


def _of_other_topic(raw: msgspec.Struct, right: type[msgspec.Struct]) -> Malformed:
    """Say that a command came on a topic of other authority."""
    names = (str(right.__struct_config__.tag),)
    return Malformed(
        Why.UNKNOWN_VALUE, "type", f"{one_of(names)}{found(raw.__struct_config__.tag)}"
    )


def due_command(tenant_id: str, due_ms: int) -> bytes:
    """Return the timer's command: sent twice, the second finds nothing that waits."""
    return encode(RechargeDue(f"due/{tenant_id}/{due_ms}", tenant_id, due_ms))
