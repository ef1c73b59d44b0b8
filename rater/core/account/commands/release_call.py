"""Look again at a call that waits in suspense. What waits is no part of the account: the engine is given it."""

from typing import Any, Final

from rater.core.account.commands.command import AccountCommand, always
from topics.records.recycling import ReleaseCall

COMMAND: Final[AccountCommand[ReleaseCall, Any]] = AccountCommand(
    record=ReleaseCall,
    content=("cdr_id", "version", "suspense_id", "job_id", "by", "why", "seen_ms"),
    cause="charge",
    reaches_closed=always,
)
