"""Credits that the account refused: what an honest circle writes of them, and that its tamperings are found."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from rater.core.recharge import balance_events as recharge_events
from tests.reconcile.honest_circle import HOUR_MS, UNIT, HonestCircle
from tests.reconcile.tampering import Topics, altered, differences, place_of, replaced, verdict_on
from tests.reconcile.test_recharge_proofs import again, is_of, named, values
from topics import catalog
from topics.records.balance import CreditRefused

LEDGER, EVENTS = catalog.LEDGER.name, catalog.BALANCE_EVENTS.name
NOTICES = catalog.NOTIFICATIONS.name
WHY = "the account refused the credit: lot_exists"


def refusing_circle() -> HonestCircle:
    """Return a circle in which administrators credited three payments by hand before recharge could."""
    circle = HonestCircle()
    for tenant in ("acme", "beta", "gamma"):
        circle.join(tenant)
        circle.spend(tenant)
    _refuse_and_go_on(circle, "acme")
    _refuse_a_late_one(circle, "beta")
    _credit_while_it_is_waited_for(circle, "gamma")
    return circle


def _refuse_and_go_on(circle: HonestCircle, tenant: str) -> None:
    """Refuse; a human resumes; the next payment is credited under the next number."""
    command = circle.last(tenant)
    circle.fund(tenant, circle.payment_of(command), 50 * UNIT)
    circle.turn()
    circle.capture(command)
    circle.turn()
    circle.wait(HOUR_MS)
    circle.spend(tenant, 60 * UNIT)
    circle.command(tenant, "resume_recharge", reason="cleared up")
    circle.turn()
    circle.capture(circle.last(tenant))
    circle.turn()


def _refuse_a_late_one(circle: HonestCircle, tenant: str) -> None:
    """Refuse the credit of an earlier attempt while the next is in flight."""
    first = circle.last(tenant)
    circle.decline(first, "soft")
    circle.turn()
    circle.spend(tenant)
    circle.fund(tenant, circle.payment_of(first), 1 * UNIT)
    circle.turn()
    circle.wait(2 * HOUR_MS)
    circle.capture(first)
    circle.turn()
    circle.capture(circle.last(tenant))
    circle.turn()


def _credit_while_it_is_waited_for(circle: HonestCircle, tenant: str) -> None:
    """Credit by hand between the result and recharge's own credit: that it arrived is told, not that it was refused."""
    command = circle.last(tenant)
    circle.capture(command)
    circle.fund(tenant, circle.payment_of(command), 50 * UNIT)
    circle.hear()
    circle.turn()


@pytest.fixture(scope="module")
def circle() -> Topics:
    """Give the topics; they are not to be changed."""
    return dict(refusing_circle().topics)


def test_a_refused_capture_is_a_difference_that_says_why_and_nothing_else_is(
    circle: Topics,
) -> None:
    verdict = verdict_on(circle)

    assert {(d.proof, d.field, d.topic) for d in verdict.differences} == {
        ("payments", "lot_id", LEDGER)
    }
    assert sorted(d.key for d in verdict.differences) == ["acme", "beta", "gamma"]
    for each in verdict.differences:
        assert WHY in str(each)
        assert each.offset is not None
    assert verdict.sums["captured", "USD"] == 250 * UNIT
    assert verdict.sums["credited by recharge", "USD"] == 100 * UNIT


def test_what_is_told_of_it(circle: Topics) -> None:
    events = [e for e in values(circle, EVENTS) if e["kind"] == "credit_refused"]
    told = [n for n in values(circle, NOTICES) if n["kind"] == "recharge_paused"]

    assert sorted(event["tenant_id"] for event in events) == ["acme", "beta", "gamma"]
    assert [("acme", "credit_refused", 50 * UNIT, events[0]["lot_id"])] == [
        (n["tenant_id"], n["reason"], n["amount_micros"], n["lot_id"]) for n in told
    ]


def lost_event(topics: Topics) -> Topics:
    """Lose the event of a refusal."""
    return replaced(topics, EVENTS, place_of(topics, EVENTS, is_of(kind="credit_refused")), [])


def event_twice(topics: Topics) -> Topics:
    """Tell a refusal twice."""
    return again(topics, EVENTS, place_of(topics, EVENTS, is_of(kind="credit_refused")))


def lost_refusal(topics: Topics) -> Topics:
    """Lose the entry of a refusal."""
    return replaced(topics, LEDGER, place_of(topics, LEDGER, is_of(reason="lot_exists")), [])


def lost_notice(topics: Topics) -> Topics:
    """Lose the notification: it was the tenant's last that is numbered."""
    return replaced(topics, NOTICES, _pause(topics), [])


def another_amount(topics: Topics) -> Topics:
    """Tell another amount."""
    return altered(topics, NOTICES, _pause(topics), {"amount_micros": 1})


def another_payment(topics: Topics) -> Topics:
    """Tell it of another payment."""
    return altered(topics, NOTICES, _pause(topics), {"lot_id": "pi_x"})


def told_twice(topics: Topics) -> Topics:
    """Tell it twice, under the next number."""
    index = _pause(topics)
    at_ms = values(topics, NOTICES)[index]["at_ms"]
    return again(topics, NOTICES, index, notification_id=f"acme/paused/{at_ms}/2")


def _pause(topics: Topics) -> int:
    return place_of(topics, NOTICES, is_of(kind="recharge_paused"))


@pytest.mark.parametrize(
    ("tamper", "proof", "field"),
    [
        (lost_event, "events", "event_id"),
        (event_twice, "events", "event_id"),
        (lost_refusal, "events", "event_id"),
        (lost_refusal, "batches", "ledger"),
        (lost_notice, "notifications", "notification_id"),
        (another_amount, "notifications", "amount_micros"),
        (another_payment, "notifications", "lot_id"),
        (told_twice, "notifications", "lot_id"),
    ],
)
def test_a_tampering_is_found(
    circle: Topics, tamper: Callable[[Topics], Topics], proof: str, field: str
) -> None:
    assert (proof, field) in named(differences(tamper(circle)))


def deaf(patch: pytest.MonkeyPatch) -> None:
    """Let the engine not hear that a credit was refused."""
    patch.delitem(cast("dict[Any, Any]", recharge_events._HEED), CreditRefused)


def silent(patch: pytest.MonkeyPatch) -> None:
    """Let the engine pause and tell nobody."""
    patch.setattr(recharge_events, "tell_refused", lambda *_: None)


@pytest.mark.parametrize(("mistake", "proof"), [(deaf, "notifications"), (silent, "notifications")])
def test_a_mistake_of_the_engine_is_found(
    monkeypatch: pytest.MonkeyPatch, mistake: Callable[[pytest.MonkeyPatch], None], proof: str
) -> None:
    mistake(monkeypatch)

    assert proof in {each.proof for each in differences(dict(refusing_circle().topics))}


@pytest.mark.parametrize("share", [10, 40, 70, 100])
@pytest.mark.parametrize(
    "topic", [EVENTS, NOTICES, catalog.PAYMENT_RESULTS.name, catalog.PAYMENT_COMMANDS.name]
)
def test_what_time_has_deleted_is_no_further_difference(
    circle: Topics, topic: str, share: int
) -> None:
    times = sorted(record.at_ms for _, record in circle[topic])
    until = times[len(times) * share // 100 - 1]
    kept = [located for located in circle[topic] if located[1].at_ms > until]
    starts = {
        (topic, number): 1
        + max(r.offset for n, r in circle[topic] if n == number and r.at_ms <= until)
        for number in (0, 1)
        if any(n == number and r.at_ms <= until for n, r in circle[topic])
    }
    found = verdict_on({**circle, topic: kept}, starts, complete=False).differences

    assert [each for each in found if WHY not in str(each)] == []
