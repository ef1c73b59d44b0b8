"""Free call: the timer's command reaches closed accounts, too, for a call of before may still wait."""

from rater.core.account.commands.free_call import COMMAND
from rater.core.account.commands.registry import BY_RECORD
from topics.records import FreeCall


def test_the_engine_is_given_what_waits_so_the_command_posts_nothing_of_its_own() -> None:
    assert BY_RECORD[FreeCall] is COMMAND
    assert COMMAND.post is None
    assert COMMAND.reaches_closed(FreeCall("x", "acme", "c1", 1))
