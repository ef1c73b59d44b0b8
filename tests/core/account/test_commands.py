"""Commands know the names they have on the wire."""

from typing import get_args

from rater.core.account.commands import TYPE_NAMES, Command, MovedBack, Setting
from topics.records import CommandType


def test_every_command_has_its_published_name() -> None:
    assert set(TYPE_NAMES) == {
        *Command.__subclasses__(),
        *Setting.__subclasses__(),
        *MovedBack.__subclasses__(),
    } - {Setting, MovedBack}
    assert set(TYPE_NAMES.values()) == set(get_args(CommandType))
