"""Recharge commands: what timers and administrators ask of a tenant's recharge."""

from dataclasses import dataclass
from typing import Literal

from topics.fields import Id, Millis, Name, Note, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class RechargeDue:
    """The timer's command: the time has come to `due_ms`; whatever waits for it goes on."""

    type: Literal["recharge_due"]
    command_id: Id
    tenant_id: TenantId
    due_ms: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRecharge:
    """An administrator's: forget what is paused or held, and look at the balance again."""

    type: Literal["resume_recharge"]
    command_id: Id
    tenant_id: TenantId
    reason: Note | None = None
    actor: Id | None = None
    actor_role: Name | None = None
