"""The command is one of the registry's; closed accounts take it, too: their calls wait as others do."""

from rater.core.account.commands.registry import BY_RECORD
from rater.core.account.commands.release_call import COMMAND
from topics.records.recycling import ReleaseCall


def test_it_is_registered_and_reaches_closed_accounts() -> None:
    assert BY_RECORD[ReleaseCall] is COMMAND
    assert COMMAND.reaches_closed(ReleaseCall("x", "acme", "c1", 1, "cdr.raw.v1/0/7", "j1", "ann"))
