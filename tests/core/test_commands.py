"""Commands know the names they have on the wire."""

from typing import get_args

from rater.core.commands import TYPE_NAMES, Command
from topics.records import CommandType


def test_every_command_has_its_published_name() -> None:
    assert set(TYPE_NAMES) == set(Command.__subclasses__())
    assert set(TYPE_NAMES.values()) == set(get_args(CommandType))
