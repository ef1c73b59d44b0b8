"""The commands, each once, and each whole."""

from typing import get_args

from rater.core.account.commands.command import AccountCommand
from rater.core.account.commands.registry import BY_RECORD, COMMANDS
from topics.authority import TOPIC_OF
from topics.records import CommandType


def test_every_published_command_is_there_once() -> None:
    names = [each.record.type for each in COMMANDS]

    assert sorted(names) == sorted(TOPIC_OF)
    assert set(names) == set(get_args(CommandType))
    assert len(BY_RECORD) == len(COMMANDS)


def test_a_command_posts_an_entry_of_its_own_kind_or_none() -> None:
    entries = [each.entry for each in COMMANDS if each.entry is not None]

    assert len(set(entries)) == len(entries)
    for each in COMMANDS:
        ways = [way for way in (each.post, each.post_by_clocks) if way is not None]
        assert len(ways) == (each.entry is not None), each.record


def test_what_tells_a_redelivery_from_another_command_is_all_that_it_says() -> None:
    for each in COMMANDS:
        assert isinstance(each, AccountCommand)
        said = set(each.record.__struct_fields__) - {"command_id", "tenant_id"}
        assert set(each.content) == said, each.record
