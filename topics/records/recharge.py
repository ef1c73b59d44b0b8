"""Recharge commands: what the timer asks of a tenant's recharge; an administrator's is in `requests`."""

from typing import ClassVar, Literal

from topics.fields import Millis
from topics.records.commands import Command


class RechargeDue(Command, frozen=True, tag="recharge_due"):
    """The timer's command: the time has come to `due_ms`; whatever waits for it goes on."""

    type: ClassVar[Literal["recharge_due"]]
    due_ms: Millis
