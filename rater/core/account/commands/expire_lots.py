"""The timer's: stream time has come to `due_ms`. What is due is posted before any command is looked at (`expiry`)."""

from typing import Any, Final

from rater.core.account.commands.command import AccountCommand, always
from topics.records import ExpireLots

COMMAND: Final[AccountCommand[ExpireLots, Any]] = AccountCommand(
    record=ExpireLots, content=("due_ms",), cause="expiry", reaches_closed=always
)
