"""Balance events: what is told of them, and that each is told once."""

import msgspec
import pytest

from rater.core.recharge.balance_events import TRIGGERS, hear
from rater.core.recharge.journal import RechargeJournal
from rater.core.recharge.machine import IN_FLIGHT
from rater.core.recharge.state import Recharge
from tests.recharge_world import AMOUNT, World, low
from tests.units import HOUR, NOW, UNIT
from topics.records import balance as v
from topics.records import notifications as n
from topics.records.causes import CauseKind

HEAD: tuple[str, str, int, int, str, int, CauseKind, str] = (
    "acme/9/crossed/low",
    "acme",
    9,
    NOW,
    "USD",
    4 * UNIT,
    "charge",
    "c9",
)


def heard(event: v.Event) -> tuple[Recharge, RechargeJournal]:
    recharge, journal = Recharge("acme", "USD"), RechargeJournal()
    hear(recharge, event, journal)
    return recharge, journal


def test_a_notice_of_an_event_has_the_events_own_id_and_cause() -> None:
    _, journal = heard(v.ThresholdCrossed(*HEAD, 23, "low", 5 * UNIT, None))
    (notice,) = journal.notices

    assert "acme/9/crossed/low" == notice.notification_id
    assert {
        "cause_id": "c9",
        "hours_remaining": 23,
        "threshold_id": "low",
    }.items() <= msgspec.to_builtins(notice).items()


def test_a_credit_limit_that_is_reached_is_told_with_what_its_event_says() -> None:
    until_ms = NOW + HOUR
    event = v.CreditLimitReached(*HEAD, None, "2026-03", 5 * UNIT, 6 * UNIT, until_ms)
    _, journal = heard(event)
    (notice,) = journal.notices

    assert {
        "kind": "credit_limit_reached",
        "notification_id": event.event_id,
        "cause_id": "c9",
        "month": "2026-03",
        "limit_micros": 5 * UNIT,
        "owed_micros": 6 * UNIT,
        "until_ms": until_ms,
        "balance_micros": 4 * UNIT,
    }.items() <= msgspec.to_builtins(notice).items()


@pytest.mark.parametrize("threshold_id", TRIGGERS)
def test_that_a_trigger_was_crossed_is_not_told_but_what_comes_of_it(threshold_id: str) -> None:
    _, journal = heard(v.ThresholdCrossed(*HEAD, 23, threshold_id, 5 * UNIT, None))

    assert [] == journal.notices


def test_an_event_without_a_runway_takes_the_last_one_away() -> None:
    recharge, journal = heard(v.SettingsChanged(*HEAD, 23))
    assert 23 == recharge.hours_remaining
    hear(recharge, v.SettingsChanged(*HEAD, None), journal)

    assert recharge.hours_remaining is None


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
        v.PaymentReversedEvent: ("by-hand", UNIT, "refund", "re_1"),
        v.PaymentRestoredEvent: ("by-hand", UNIT, "dispute", "dp_1"),
        v.CreditRefused: ("by-hand", UNIT, "lot_exists"),
        v.FundsExpiring: ("L1", UNIT, 7, NOW), v.AutoRechargeChanged: (False, "fixed"),
        v.PaymentMethodsChanged: ((),), v.RecipientsChanged: ((), "en"),
        v.FraudSuspected: ("cost_per_call", 1, 2, ()),
        v.CreditLimitReached: ("2026-03", 1, 2, NOW), v.MonthEnded: ("2026-02",),
            v.PoolUsed: ("2026-03/P/all", "A plan", 80, 80, 100),
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


def test_a_credit_that_the_account_refuses_pauses_and_is_told_with_its_payment() -> None:
    world = low()
    payment = f"pay-{world.last}"
    world.succeed(world.last)
    world.refuse("too_many_lots")
    notice = world.notices[-1]

    assert ("paused", []) == (world.state, world.recharge.awaited)
    assert ("credit_refused", AMOUNT, payment, None, "card pm_1") == (
        *(notice.reason, notice.amount_micros, notice.lot_id),
        *(notice.code, notice.method_label),
    )
    world.wait(HOUR)
    assert list(world.credited) == [payment]


def test_of_several_credits_the_refused_one_is_dropped_and_the_others_still_arrive() -> None:
    world = two_awaited()
    world.refuse()
    first, second = world.credited

    assert ("paused", [second]) == (world.state, [a.lot_id for a in world.recharge.awaited])
    world.arrive()
    assert ("paused", []) == (world.state, world.recharge.awaited)
    assert ["recharge_paused", "funds_added"] == world.told()[-2:]
    assert {second} == world.arrived
    assert {first} == world.refused


def test_who_resumes_while_another_credit_is_on_its_way_waits_for_it() -> None:
    """The balance from before it would ask for a payment too many."""
    world = two_awaited()
    world.refuse()
    sent = len(world.sent)
    world.resume()
    assert ("crediting", sent) == (world.state, len(world.sent))

    world.arrive()

    assert ("requested", sent + 1) == (world.state, len(world.sent))


def test_that_somebody_elses_command_for_the_lot_is_refused_ends_no_wait() -> None:
    world = low()
    world.succeed(world.last)
    lot = f"pay-{world.last}"
    world.event(v.CreditRefused, lot, AMOUNT, "misrouted", world.last, cause_id="by-hand")
    assert ("crediting", 1) == (world.state, len(world.recharge.awaited))

    world.arrive()

    assert "funds_added" == world.told()[-1]


def test_a_late_credit_that_is_refused_does_not_stop_the_payment_in_flight() -> None:
    world = low()
    first = world.last
    world.decline(first, hard=False)
    world.wait(2 * HOUR)
    told, state = world.told(), world.state
    world.succeed(first)
    assert 1 == len(world.recharge.awaited)
    world.refuse()

    assert state in IN_FLIGHT
    assert (state, [], told) == (world.state, world.recharge.awaited, world.told())


def two_awaited() -> World:
    """Return a world, far below its trigger, that waits for the credits of two payments."""
    world = low()
    world.spend(190 * UNIT)
    first = world.last
    world.decline(first, hard=False)
    world.wait(2 * HOUR)
    world.succeed(world.last)
    world.succeed(first)
    assert 2 == len(world.waiting)
    return world


def test_a_month_that_is_over_is_told_to_those_who_ask_for_it_alone() -> None:
    world = World(balance=10 * UNIT)
    world.event(v.MonthEnded, "2026-01")
    world.event(v.RecipientsChanged, ("ann@acme.example",), "fr", None, True)
    world.event(v.MonthEnded, "2026-02")
    world.event(v.RecipientsChanged, ("ann@acme.example",), "fr", None)
    world.event(v.MonthEnded, "2026-03")

    (notice,) = world.notices
    assert isinstance(notice, n.StatementReadyNotification)
    assert (notice.month, notice.emails, notice.language) == (
        "2026-02",
        ("ann@acme.example",),
        "fr",
    )
