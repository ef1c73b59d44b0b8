"""Refunds and disputes at Stripe: what they come to, as webhooks tell it and as the sweep finds it."""

import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from typing import Any

import pytest

from rater.secret import Secret
from rater.shell.gateway.providers.provider import LateOutcome, MovedBack, TroubleError
from rater.shell.gateway.providers.stripe import sweep as sweeping
from rater.shell.gateway.providers.stripe.payments import StripePayments
from rater.shell.gateway.providers.stripe.reversals import EVENTS, moved_back
from rater.shell.gateway.providers.stripe.webhooks import Webhooks
from rater.shell.gateway.results import Origin, encode_result
from rater.wire.recharge.payment_results import decode_result
from tests.shell.gateway.commands import command
from tests.stripe_server import Stripe, StripeServer

KEY, SECRET = "sk_test_" + "51NotARealKeyButSecret", "whsec_" + "x" * 24
OURS = {"command_id": "acme/r1/1", "tenant_id": "acme"}
INTENT = {"id": "pi_1", "status": "succeeded", "currency": "usd", "metadata": OURS}


def piece(amount: int, status: str, **more: Any) -> dict[str, Any]:
    return {"id": "x_1", "amount": amount, "currency": "usd", "status": status, **more}


def sums(refunds: list[Any], disputes: list[Any]) -> tuple[int, int, bool] | None:
    told = moved_back(INTENT, refunds, disputes)
    if told is None:
        return None
    outcome = told.outcome
    assert isinstance(outcome, MovedBack)
    return outcome.reversed_micros, outcome.restored_micros, outcome.is_restored


@pytest.mark.parametrize(
    ("refunds", "disputes", "expected"),
    [
        ([piece(500, "succeeded")], [], (5_000_000, 0, False)),
        ([piece(500, "pending"), piece(100, "succeeded")], [], (6_000_000, 0, False)),
        ([piece(500, "failed")], [], (5_000_000, 5_000_000, True)),
        (
            [piece(500, "canceled"), piece(1, "succeeded", created=9)],
            [],
            (5_010_000, 5_000_000, False),
        ),
        ([piece(500, "requires_action")], [], None),
        ([], [piece(500, "needs_response")], (5_000_000, 0, False)),
        ([], [piece(500, "under_review")], (5_000_000, 0, False)),
        ([], [piece(500, "lost")], (5_000_000, 0, False)),
        ([], [piece(500, "won")], (5_000_000, 5_000_000, True)),
        ([], [piece(500, "warning_needs_response")], None),
        ([], [piece(500, "warning_closed")], None),
        ([], [piece(500, "a_status_of_tomorrow")], None),
        ([piece(200, "succeeded")], [piece(500, "won", created=9)], (7_000_000, 5_000_000, True)),
    ],
)
def test_what_refunds_and_disputes_come_to(
    refunds: list[Any], disputes: list[Any], expected: tuple[int, int, bool] | None
) -> None:
    assert expected == sums(refunds, disputes)


def test_a_dispute_in_another_currency_is_told_in_its_own() -> None:
    told = moved_back(INTENT, [piece(200, "succeeded")], [piece(500, "lost", currency="eur")])

    assert told is not None
    assert isinstance(told.outcome, MovedBack)
    assert ("EUR", 5_000_000) == (told.outcome.currency, told.outcome.reversed_micros)


def test_what_is_not_ours_is_nothing() -> None:
    assert moved_back({**INTENT, "metadata": {}}, [piece(5, "succeeded")], []) is None


@pytest.mark.parametrize("given", [0, 5_000_000])
def test_what_is_written_is_what_recharge_reads(given: int) -> None:
    outcome = MovedBack("pi_1", "dp_1", "dispute", 5_000_000, given, "USD", bool(given))
    value = encode_result(LateOutcome("acme/r1/1", "acme", outcome), Origin("stripe", "test"), 7)

    assert ("restored" if given else "reversed") == json.loads(value)["outcome"]
    read = decode_result(value)
    assert (given, "dispute") == (
        getattr(read, "restored_micros", -1),
        getattr(read, "reversal", ""),
    )


@pytest.fixture
def server() -> Iterator[StripeServer]:
    with StripeServer() as running:
        yield running


@pytest.fixture
def stripe(server: StripeServer) -> Stripe:
    return server.stripe


@pytest.fixture
async def payments(server: StripeServer) -> AsyncIterator[StripePayments]:
    made = StripePayments(Secret(KEY), server.base)
    yield made
    await made.close()


@pytest.fixture
def hooked(payments: StripePayments) -> Webhooks:
    return Webhooks(payments, "test", Secret(SECRET), lambda _: None)


async def paid(payments: StripePayments, command_id: str = "acme/r1/1") -> str:
    outcome = await payments.charge(command(command_id, method="pm_card_visa"))
    return str(getattr(outcome, "payment_id", None))


async def deliver(
    hooked: Webhooks, kind: str, told: dict[str, Any], **event: Any
) -> tuple[str, int]:
    body = json.dumps(
        {"id": "evt_1", "object": "event", "livemode": False, "type": kind}
        | {"data": {"object": told}}
        | event
    )
    at = int(time.time())
    mark = hmac.new(SECRET.encode(), f"{at}.{body}".encode(), sha256).hexdigest()
    return await hooked._judge(body.encode(), f"t={at},v1={mark}")


async def test_a_webhook_is_only_the_occasion_to_ask_anew(
    hooked: Webhooks, payments: StripePayments, stripe: Stripe
) -> None:
    heard: list[LateOutcome] = []

    async def publish(late: LateOutcome) -> None:
        heard.append(late)

    intent_id = await paid(payments)
    refund = dict(stripe.move("refunds", intent_id, 5_000, "succeeded"))
    assert ("unready", 503) == await deliver(hooked, "charge.refunded", refund)
    hooked._publish = publish
    later = int(time.time()) + 5
    dispute = stripe.move("disputes", intent_id, 15_000, "needs_response", created=later)
    old = dict(dispute)
    dispute["status"] = "won"

    charge = {"id": "ch_1", "object": "charge", "payment_intent": intent_id, "amount_refunded": 1}
    assert ("result", 200) == await deliver(hooked, "charge.refunded", charge)
    assert ("result", 200) == await deliver(hooked, "charge.dispute.created", old)

    expected = MovedBack(
        intent_id, str(dispute["id"]), "dispute", 200_000_000, 150_000_000, "USD", is_restored=True
    )
    assert [LateOutcome("acme/r1/1", "acme", expected)] * 2 == heard


async def test_what_is_of_another_mode_or_of_no_payment_is_not_told(
    hooked: Webhooks, payments: StripePayments, stripe: Stripe
) -> None:
    async def publish(_: LateOutcome) -> None:
        raise AssertionError

    hooked._publish = publish
    intent_id = await paid(payments)
    refund = stripe.move("refunds", intent_id, 5_000, "succeeded")

    assert ("other_mode", 200) == await deliver(hooked, "charge.refunded", refund, livemode=True)
    assert ("ignored", 200) == await deliver(hooked, "charge.refunded", {"id": "ch_1"})
    stripe.intents[intent_id]["metadata"] = {}
    assert ("ignored", 200) == await deliver(hooked, "refund.updated", refund)


async def test_every_event_of_money_that_moves_is_heeded(
    hooked: Webhooks, payments: StripePayments, stripe: Stripe
) -> None:
    heard: list[LateOutcome] = []

    async def publish(late: LateOutcome) -> None:
        heard.append(late)

    hooked._publish = publish
    refund = stripe.move("refunds", await paid(payments), 5_000, "succeeded")
    for kind in EVENTS:
        assert ("result", 200) == await deliver(hooked, kind, refund), kind

    assert len(EVENTS) == len(heard)


async def test_the_sweep_finds_what_no_webhook_told_page_by_page(
    payments: StripePayments, stripe: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sweeping._MINE, "limit", 2)
    intent_id = await paid(payments)
    for _ in range(5):
        stripe.move("refunds", intent_id, 100, "succeeded")
    stripe.move("disputes", intent_id, 700, "lost")
    # Long ago, and of the same payment: the sum is of all that ever went back.
    stripe.move("refunds", intent_id, 50, "succeeded", created=1)
    forgotten = await paid(payments, "acme/r2/1")
    stripe.move("refunds", forgotten, 100, "succeeded", created=1)
    sweep = sweeping.Sweep(payments.client)

    (found,) = await sweep.news()
    again = await sweep.news()
    stripe.move("refunds", intent_id, 25, "succeeded")
    (later,) = await sweep.news()

    assert isinstance(found.outcome, MovedBack)
    assert (12_500_000, "acme/r1/1") == (found.outcome.reversed_micros, found.command_id)
    assert [] == again
    assert isinstance(later.outcome, MovedBack)
    assert 12_750_000 == later.outcome.reversed_micros


async def test_a_sweep_that_is_refused_is_trouble(server: StripeServer) -> None:
    payments = StripePayments(Secret(KEY), f"{server.base}/nothing")
    with pytest.raises(TroubleError):
        await sweeping.Sweep(payments.client).news()
    await payments.close()
