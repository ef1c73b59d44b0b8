"""Rate a charge that stands again. It lies on the ledger, and is no part of the account: the engine is given it."""

from typing import Any, Final

from rater.core.account.commands.command import AccountCommand, always
from topics.records.rerating import RerateCall

COMMAND: Final[AccountCommand[RerateCall, Any]] = AccountCommand(
    record=RerateCall,
    content=("cdr_id", "version", "entry_id", "offset", "seen_ms", "job_id", "by", "why"),
    cause="charge",
    reaches_closed=always,
)
