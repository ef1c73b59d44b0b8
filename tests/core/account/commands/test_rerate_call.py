"""The command is one of the registry's; closed accounts take it, too: what they were charged may have been wrong."""

from rater.core.account.commands.registry import BY_RECORD
from rater.core.account.commands.rerate_call import COMMAND
from topics.records.rerating import RerateCall


def test_it_is_registered_and_reaches_closed_accounts() -> None:
    assert BY_RECORD[RerateCall] is COMMAND
    assert COMMAND.reaches_closed(RerateCall("x", "acme", "c1", 1, "acme/9", 3, 0, "j1", "ann"))
