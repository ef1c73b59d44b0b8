"""Reversals: an honest circle with refunds and disputes is clean, and what is tampered with in it is found."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from rater.core.account.account import Account
from rater.core.account.commands import reverse_payment
from rater.core.limits import LOTS_MAX
from rater.core.recharge import moves as recharge_moves
from rater.core.recharge import payment_reversals as recharge_reversals
from rater.core.recharge.journal import RechargeJournal
from rater.core.recharge.state import Recharge, Started
from tests.reconcile.honest_circle import HOUR_MS, UNIT, HonestCircle
from tests.reconcile.honest_worker import DAY_MS
from tests.reconcile.tampering import Topics, altered, differences, place_of, replaced, verdict_on
from tests.reconcile.test_recharge_proofs import again, is_of, named, values
from topics import catalog
from topics.records import Draw

LEDGER, COMMANDS = catalog.LEDGER.name, catalog.ACCOUNT_COMMANDS.name
EVENTS, RESULTS = catalog.BALANCE_EVENTS.name, catalog.PAYMENT_RESULTS.name
NOTICES, PAYMENTS = catalog.NOTIFICATIONS.name, catalog.PAYMENT_COMMANDS.name
QUARANTINE = catalog.PAYMENT_QUARANTINE.name


def reversing_circle() -> HonestCircle:
    """Return a circle in which money goes back in every way, but of what was refused."""
    circle = HonestCircle()
    for tenant in ("acme", "beta", "gamma"):
        circle.join(tenant)
        circle.spend(tenant)
    _refund_in_parts(circle, "acme")
    _dispute_when_it_is_used_up(circle, "beta")
    _hear_of_it_too_early(circle, "gamma")
    return circle


def _refund_in_parts(circle: HonestCircle, tenant: str) -> None:
    """Refund twice, told out of order and twice; more than there was; what is not its payment; resume."""
    paid = circle.last(tenant)
    circle.capture(paid)
    circle.turn()
    for taken in (10, 20, 10, 70):
        circle.moved_back(paid, taken)
        circle.turn()
    circle.moved_back(paid, 80, payment_id="pi_other")
    circle.moved_back(paid, 80, currency="EUR")
    circle.moved_back({**paid, "command_id": f"{tenant}/recharge/77/1/1"}, 80)
    circle.turn()
    circle.spend(tenant, 30 * UNIT)
    circle.wait(HOUR_MS)
    circle.command(tenant, "resume_recharge", reason="cleared up")
    circle.turn()
    circle.capture(circle.last(tenant))
    circle.turn()


def _dispute_when_it_is_used_up(circle: HonestCircle, tenant: str) -> None:
    """Dispute 110 days later, while the next payment is in flight; win; close the account and lose again."""
    paid = circle.last(tenant)
    circle.capture(paid)
    circle.turn()
    circle.wait(110 * DAY_MS)
    circle.spend(tenant, 120 * UNIT)
    circle.moved_back(paid, 50)
    circle.capture(circle.last(tenant))
    circle.turn()
    circle.moved_back(paid, 50, 50)
    circle.turn()
    circle.command(tenant, "close_account")
    circle.moved_back(paid, 90, 50)
    circle.turn()


def _hear_of_it_too_early(circle: HonestCircle, tenant: str) -> None:
    """Hear of the refund before the payment, and of the payment before charging works."""
    paid = circle.last(tenant)
    circle.moved_back(paid, 15)
    circle.hear()
    circle.capture(paid)
    circle.hear()
    circle.moved_back(paid, 25, 5)
    circle.hear()
    circle.turn()


def _refuse_and_refund(circle: HonestCircle, tenant: str) -> None:
    """Refuse the credit; then all of it goes back to the payer, and nothing is left to differ."""
    # No room for another lot is what refuses captured money.
    for number in range(LOTS_MAX):
        circle.fund(tenant, f"small-{number}", 1)
    circle.capture(circle.last(tenant))
    circle.turn()
    circle.moved_back(circle.last(tenant), 50)
    circle.turn()


@pytest.fixture(scope="module")
def circle() -> Topics:
    """Give the topics; they are not to be changed."""
    return dict(reversing_circle().topics)


def test_an_honest_circle_is_clean_and_tells_the_sums() -> None:
    circle = reversing_circle()
    circle.join("delta")
    circle.spend("delta")
    _refuse_and_refund(circle, "delta")

    verdict = verdict_on(dict(circle.topics))

    assert [] == verdict.differences
    sums = {what: micros for (what, currency), micros in verdict.sums.items() if currency == "USD"}
    captured, credited = sums["captured"], sums["credited by recharge"]
    taken, given = sums["taken back by the provider"], sums["given back by the provider"]
    net = sums["of payments reversed"] - sums["of payments restored"]
    refused, beyond = 50 * UNIT, 20 * UNIT
    assert captured - (taken - given - beyond) == credited - net
    assert refused == captured - credited


def test_the_circle_has_everything_in_it(circle: Topics) -> None:
    kinds = {entry["kind"] for entry in values(circle, LEDGER)}
    assert {"payment_reversed", "payment_restored"} <= kinds
    reasons = {each["reason"] for each in values(circle, QUARANTINE)}
    assert {"unknown_payment", "currency_mismatch", "unknown_command"} == reasons
    told = {notice["kind"] for notice in values(circle, NOTICES)}
    assert {"payment_reversed", "payment_restored", "recharge_paused"} <= told


REVERSED = is_of(kind="payment_reversed")
Tamper = Callable[[Topics], Topics]


def change(
    topic: str, pick: Callable[[dict[str, Any]], bool], which: int = 0, **fields: Any
) -> Tamper:
    return lambda topics: altered(topics, topic, place_of(topics, topic, pick, which), fields)


def drop(topic: str, pick: Callable[[dict[str, Any]], bool], which: int = 0) -> Tamper:
    return lambda topics: replaced(topics, topic, place_of(topics, topic, pick, which), [])


TAMPERED: dict[str, tuple[Tamper, tuple[str, str]]] = {
    "an entry is gone": (drop(LEDGER, REVERSED), ("reversals", "reversed_micros")),
    "a restoring is gone": (
        drop(LEDGER, is_of(kind="payment_restored")),
        ("reversals", "reversed_micros"),
    ),
    "an entry is there twice": (
        lambda t: again(t, LEDGER, place_of(t, LEDGER, REVERSED)),
        ("reversals", "reversed_micros"),
    ),
    "more is taken than the sum says": (
        change(LEDGER, REVERSED, moved_micros=11 * UNIT),
        ("reversals", "reversed_micros"),
    ),
    "the sum is another": (
        change(LEDGER, REVERSED, reversed_micros=11 * UNIT),
        ("reversals", "reversed_micros"),
    ),
    "it is another payment": (
        change(LEDGER, REVERSED, payment_id="pi_x"),
        ("reversals", "payment_id"),
    ),
    "another lot gave it": (change(LEDGER, REVERSED, draws=[]), ("ledger", "draws")),
    "it is called debt": (
        change(LEDGER, REVERSED, draws=[{"source": "shortfall", "amount_micros": 1}]),
        ("ledger", "draws"),
    ),
    "another refund is named": (
        change(LEDGER, REVERSED, reversal_id="re_9"),
        ("commands", "reversal_id"),
    ),
    "the command says more": (
        change(COMMANDS, is_of(type="reverse_payment"), amount_micros=1),
        ("commands", "moved_micros"),
    ),
    "the event is gone": (drop(EVENTS, REVERSED), ("events", "event_id")),
    "nobody was told": (drop(NOTICES, REVERSED), ("notifications", "notification_id")),
    "less was told": (
        change(NOTICES, REVERSED, amount_micros=1),
        ("notifications", "amount_micros"),
    ),
    "the provider took more": (
        change(RESULTS, is_of(outcome="restored", tenant_id="gamma"), reversed_micros=26 * UNIT),
        ("reversals", "reversed_micros"),
    ),
    "the provider gave less": (
        change(RESULTS, is_of(outcome="restored", tenant_id="gamma"), restored_micros=4 * UNIT),
        ("reversals", "reversed_micros"),
    ),
    "what is no payment of ours is not in quarantine": (
        drop(QUARANTINE, is_of(reason="unknown_payment")),
        ("quarantine", "source_offset"),
    ),
    "nobody resumed": (
        drop(EVENTS, is_of(kind="recharge_resumed")),
        ("reversals", "command_id"),
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_is_tampered_with_is_found_by_the_proof_that_it_breaks(
    circle: Topics, name: str
) -> None:
    tamper, expected = TAMPERED[name]

    assert expected in named(differences(tamper(circle)))


def test_a_refund_of_a_refused_payment_that_was_credited_by_hand_stays_a_difference() -> None:
    circle = HonestCircle()
    circle.join("acme")
    circle.spend("acme")
    paid = circle.last("acme")
    circle.fund("acme", circle.payment_of(paid), 50 * UNIT)
    circle.turn()
    circle.capture(paid)
    circle.turn()
    circle.moved_back(paid, 50)
    circle.turn()

    assert ("payments", "lot_id") in named(differences(dict(circle.topics)))


def test_what_charging_has_not_read_yet_waits() -> None:
    circle = HonestCircle()
    circle.join("acme")
    circle.spend("acme")
    circle.capture(circle.last("acme"))
    circle.turn()
    circle.moved_back(circle.last("acme"), 20)
    circle.hear()

    assert [] == verdict_on(dict(circle.topics), complete=False).differences


@pytest.mark.parametrize("seed", range(8))
def test_whatever_becomes_of_payments_an_honest_circle_is_clean(seed: int) -> None:
    chance, circle = Random(seed), HonestCircle()
    tenants = ("acme", "beta")
    for tenant in tenants:
        circle.join(tenant)
    sums: dict[str, tuple[int, int]] = {}
    for _ in range(40):
        tenant = chance.choice(tenants)
        if chance.random() < 0.5:
            circle.spend(tenant, chance.choice((2, 30, 90)) * UNIT)
        sent = [v for v in values(dict(circle.topics), PAYMENTS) if v["tenant_id"] == tenant]
        if sent:
            _move(circle, chance, chance.choice(sent[-3:]), sums)
        if chance.random() < 0.2:
            circle.command(tenant, "resume_recharge")
        if chance.random() < 0.2:
            circle.wait(chance.choice((HOUR_MS, 3 * DAY_MS)))
        chance.choice((circle.turn, circle.hear, circle.work, circle.turn))()
    circle.turn()

    assert [] == verdict_on(dict(circle.topics)).differences
    assert [v for v in values(dict(circle.topics), LEDGER) if v["kind"] == "payment_reversed"]


def _move(
    circle: HonestCircle, chance: Random, paid: dict[str, Any], sums: dict[str, tuple[int, int]]
) -> None:
    if chance.random() < 0.6:
        circle.capture(paid)
        return
    taken, given = before = sums.get(paid["command_id"], (0, 0))
    if taken > given and chance.random() < 0.5:
        given += chance.randint(1, taken - given)
    else:
        taken += chance.choice((1, 20, 50))
    sums[paid["command_id"]] = taken, given
    told = chance.choice(((taken, given), (taken, given), before))
    if told[0]:
        circle.moved_back(paid, *told)


def _debt_first(account: Account, _payment_id: str, amount: int) -> tuple[list[Draw], int]:
    return [], amount


def _twice(recharge: Recharge, started: Started, payment_id: str, journal: RechargeJournal) -> str:
    outcome = _POST(recharge, started, payment_id, journal)
    started.taken_back[payment_id].posted_micros = 0
    return outcome


_POST = recharge_reversals._post


@pytest.mark.parametrize(
    ("module", "name", "mistake", "expected"),
    [
        (reverse_payment, "plan_reversal", _debt_first, ("ledger", "draws")),
        (recharge_reversals, "_post", _twice, ("reversals", "reversed_micros")),
        (recharge_reversals, "judge", lambda _: None, ("reversals", "command_id")),
    ],
)
def test_a_mistake_of_the_engine_is_found(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, mistake: Any, expected: tuple[str, str]
) -> None:
    monkeypatch.setattr(module, name, mistake)
    if name == "judge":
        monkeypatch.setattr("rater.core.recharge.moves.judge", _judge_blindly)

    assert expected in named(differences(dict(reversing_circle().topics)))


def _judge_blindly(recharge: Recharge, *, held: bool = False) -> Any:
    recharge.is_reversed = False
    return _JUDGE(recharge, held=held)


_JUDGE = recharge_moves.judge
