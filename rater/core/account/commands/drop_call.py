"""Give up a call that waits in suspense. What waits is no part of the account: the engine is given it."""

from typing import Any, Final

from rater.core.account.commands.command import AccountCommand, always
from topics.records.recycling import DropCall

COMMAND: Final[AccountCommand[DropCall, Any]] = AccountCommand(
    record=DropCall,
    content=("cdr_id", "version", "suspense_id", "job_id", "by", "why"),
    cause="charge",
    reaches_closed=always,
)
