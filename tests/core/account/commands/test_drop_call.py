"""The command is one of the registry's; closed accounts take it, too: their calls wait as others do."""

from rater.core.account.commands.drop_call import COMMAND
from rater.core.account.commands.registry import BY_RECORD
from topics.records.recycling import DropCall


def test_it_is_registered_and_reaches_closed_accounts() -> None:
    assert BY_RECORD[DropCall] is COMMAND
    assert COMMAND.reaches_closed(DropCall("x", "acme", "c1", 1, "cdr.raw.v1/0/7", "j1", "ann"))
