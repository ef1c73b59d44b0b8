"""Recharge commands: what timers and administrators ask of a tenant's recharge."""

from typing import ClassVar, Literal

from topics.fields import Id, Millis, Name, Note
from topics.records.commands import Command


class RechargeDue(Command, frozen=True, tag="recharge_due"):
    """The timer's command: the time has come to `due_ms`; whatever waits for it goes on."""

    type: ClassVar[Literal["recharge_due"]]
    due_ms: Millis


class ResumeRecharge(Command, frozen=True, tag="resume_recharge"):
    """An administrator's: forget what is paused or held, and look at the balance again."""

    type: ClassVar[Literal["resume_recharge"]]
    reason: Note | None = None
    actor: Id | None = None
    actor_role: Name | None = None
