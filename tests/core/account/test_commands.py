"""Commands know the names they have on the wire."""

from typing import get_args

from rater.core.account.commands import (
    TYPE_NAMES,
    AddFunds,
    Command,
    MovedBack,
    SetThresholds,
    Setting,
)
from rater.core.entries import ThresholdSetting
from topics.records import CommandType


def test_every_command_has_its_published_name() -> None:
    assert set(TYPE_NAMES) == {
        *Command.__subclasses__(),
        *Setting.__subclasses__(),
        *MovedBack.__subclasses__(),
    } - {Setting, MovedBack}
    assert set(TYPE_NAMES.values()) == set(get_args(CommandType))


def test_a_command_without_new_fields_is_known_again_after_an_upgrade() -> None:
    # The hash of this text is remembered for the window: it is that of the release before.
    assert repr(AddFunds("f", "acme", "L1", 5, "USD", 7)) == (
        "AddFunds(command_id='f', tenant_id='acme', lot_id='L1', amount_micros=5, currency='USD',"
        " purchased_ms=7)"
    )
    assert repr(SetThresholds("t", "acme", (ThresholdSetting("low", 5),))) == (
        "SetThresholds(command_id='t', tenant_id='acme',"
        " thresholds=(ThresholdSetting(threshold_id='low', amount_micros=5),))"
    )
