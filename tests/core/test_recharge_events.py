"""Balance events: what is told of them, and that each is told once."""

import msgspec
import pytest

from rater.core import events as v
from rater.core.recharge_events import TRIGGERS, hear
from rater.core.recharge_journal import RechargeJournal
from rater.core.recharge_state import Recharge
from tests.recharge_world import World, low
from tests.units import NOW, UNIT

HEAD = ("acme/9/crossed/low", "acme", 9, NOW, "USD", 4 * UNIT, "charge", "c9")


def heard(event: v.Event) -> tuple[Recharge, RechargeJournal]:
    recharge, journal = Recharge("acme", "USD"), RechargeJournal()
    hear(recharge, event, journal)
    return recharge, journal


def test_a_notice_of_an_event_has_the_events_own_id_and_cause() -> None:
    _, journal = heard(v.ThresholdCrossed(*HEAD, 23, "low", 5 * UNIT, None))
    (notice,) = journal.notices

    assert "acme/9/crossed/low" == notice.notification_id
    assert {"cause_id": "c9", "runway_h": 23, "threshold_id": "low"}.items() <= msgspec.to_builtins(
        notice
    ).items()


@pytest.mark.parametrize("threshold_id", TRIGGERS)
def test_that_a_trigger_was_crossed_is_not_told_but_what_comes_of_it(threshold_id: str) -> None:
    _, journal = heard(v.ThresholdCrossed(*HEAD, 23, threshold_id, 5 * UNIT, None))

    assert [] == journal.notices


def test_an_event_without_a_runway_takes_the_last_one_away() -> None:
    recharge, journal = heard(v.SettingsChanged(*HEAD, 23))
    assert 23 == recharge.runway_h
    hear(recharge, v.SettingsChanged(*HEAD, msgspec.UNSET), journal)

    assert recharge.runway_h is None


def test_a_late_event_does_not_turn_time_back() -> None:
    recharge, journal = heard(v.SettingsChanged(*HEAD, 23))
    hear(recharge, v.SettingsChanged("acme/8/x", "acme", 8, NOW - 5, *HEAD[4:], 23), journal)

    assert NOW == recharge.now_ms


@pytest.mark.parametrize("kind", v.Event.__subclasses__(), ids=lambda kind: kind.__name__)
def test_the_credit_of_somebody_elses_lot_and_every_other_event_ends_no_wait(
    kind: type[v.Event],
) -> None:
    fields = {
        v.ThresholdCrossed: ("low", UNIT), v.ThresholdRearmed: ("low", UNIT),
        v.FundsCredited: ("by-hand", UNIT), v.FundsExpired: ("L1", UNIT),
        v.FundsExpiring: ("L1", UNIT, 7, NOW), v.AutoRechargeChanged: (False,),
        v.PaymentMethodsChanged: ((),), v.RecipientsChanged: ((),),
        v.FraudSuspected: ("cost_per_call", 1, 2, ()),
    }  # fmt: skip
    world = low()
    world.succeed(world.last)
    world.event(kind, *fields.get(kind, ()))

    assert "crediting" == world.state


def test_recipients_are_those_of_the_moment_of_the_notice() -> None:
    world = World(balance=10 * UNIT)
    world.event(v.RecipientsChanged, ("old@acme.example",), "en", None)
    world.event(v.BalanceExhausted)
    world.event(v.RecipientsChanged, ("new@acme.example",), "fr", "https://hooks.example/x")
    world.event(v.BalanceExhausted)

    assert [
        (("old@acme.example",), "en", None),
        (("new@acme.example",), "fr", "https://hooks.example/x"),
    ] == [(notice.emails, notice.language, notice.webhook) for notice in world.notices]
