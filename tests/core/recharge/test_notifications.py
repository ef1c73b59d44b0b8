"""Notices and the other records of recharge: what is written fits the schema."""

import json
from functools import cache
from random import Random
from typing import get_args

import pytest

from rater.shell.admin.validation import RecordCheck
from rater.wire.account.commands import decode_command
from rater.wire.malformed import Malformed
from rater.wire.outputs import encode
from rater.wire.recharge.notifications import decode_notification
from rater.wire.recharge.payments import decode_payment_order
from tests.recharge_walk import wander
from tests.recharge_world import World
from tests.units import UNIT
from topics import catalog
from topics.records import balance as v
from topics.records import notifications as n

SEEDS = range(40)


@cache
def walked(seed: int) -> World:
    """Return a world in which much has happened, each kind of event among it."""
    world = World()
    world.event(v.RecipientsChanged, ("billing@acme.example",), "fr", "https://hooks.example/x")
    wander(world, Random(seed), 150)
    world.event(v.ThresholdCrossed, "low", 5 * UNIT, None)
    world.event(v.ThresholdCrossed, "runway", None, 24)
    world.event(v.BalanceExhausted)
    world.event(v.FundsExpiring, "L1", UNIT, 30, world.now)
    world.event(v.FundsExpired, "L1", UNIT)
    world.event(v.FraudSuspected, "spend_per_hour", UNIT, 2 * UNIT, ("international",))
    wander(world, Random(seed), 50)
    return world


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_what_is_written_is_in_the_published_language(seed: int) -> None:
    world = walked(seed)
    notices, payments, credits_ = (
        RecordCheck(topic)
        for topic in (catalog.NOTIFICATIONS, catalog.PAYMENT_COMMANDS, catalog.ACCOUNT_COMMANDS)
    )

    for notice in world.notices:
        assert [] == notices.problems(json.loads(encode(notice))), notice
    for payment in (*world.sent.values(), *world.cancels.values()):
        value = encode(payment)
        assert [] == payments.problems(json.loads(value)), payment
        assert not isinstance(decode_payment_order(value), Malformed)
    for credit in world.credited.values():
        value = encode(credit)
        assert [] == credits_.problems(json.loads(value)), credit
        assert not isinstance(decode_command(value), Malformed)


def test_the_walks_together_tell_every_kind_of_notice_and_every_reason() -> None:
    notices = [notice for seed in SEEDS for notice in walked(seed).notices]
    kinds = {type(notice) for notice in notices}
    reasons = {
        notice.reason for notice in notices if isinstance(notice, n.RechargePausedNotification)
    }
    caps = {notice.cap for notice in notices if isinstance(notice, n.RechargeCappedNotification)}

    assert set(get_args(n.AnyNotification)) == kinds
    assert set(get_args(n.PauseReason)) == reasons
    assert {"count", "money"} == caps


def test_the_notifier_reads_every_notice_that_recharge_writes() -> None:
    notices = [notice for seed in SEEDS for notice in walked(seed).notices]
    read = [decode_notification(encode(notice)) for notice in notices]

    assert [] == [said for said in read if isinstance(said, Malformed)]
