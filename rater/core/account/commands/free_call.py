"""The timer's: a call has waited long for a price. What waits is no part of the account: the engine is given it."""

from typing import Any, Final

from rater.core.account.commands.command import AccountCommand, always
from topics.records import FreeCall

COMMAND: Final[AccountCommand[FreeCall, Any]] = AccountCommand(
    record=FreeCall,
    content=("cdr_id", "version"),
    cause="charge",
    reaches_closed=always,
)
