"""The Stripe adapter against a real HTTP server that speaks Stripe's API."""

import json
import logging
from collections.abc import AsyncIterator, Iterator

import pytest

from rater.secret import Secret
from rater.shell.gateway.metrics import GatewayMetrics, name_of
from rater.shell.gateway.providers.provider import (
    Declined,
    Outcome,
    Succeeded,
    TroubleError,
    Unknown,
)
from rater.shell.gateway.providers.stripe import payments
from rater.shell.gateway.providers.stripe.declines import declined
from rater.shell.gateway.providers.stripe.payments import StripePayments
from rater.shell.gateway.results import Origin, encode_result
from rater.shell.gateway.settling import settle
from rater.shell.process.metrics import Metrics
from tests.shell.gateway.commands import command
from tests.stripe_server import CARD_NUMBER, Fault, Stripe, StripeServer

KEY = "sk_test_" + "51NotARealKeyButSecret"
PAID = Succeeded("pi_000001", 200_000_000, "USD", livemode=False)
VISA = "pm_card_visa"


@pytest.fixture
def server() -> Iterator[StripeServer]:
    with StripeServer() as running:
        yield running


@pytest.fixture
def stripe(server: StripeServer) -> Stripe:
    return server.stripe


@pytest.fixture
async def provider(server: StripeServer) -> AsyncIterator[StripePayments]:
    adapter = StripePayments(Secret(KEY), server.base)
    yield adapter
    await adapter.close()


async def settled(provider: StripePayments, method: str = VISA, budget_s: float = 8.0) -> Outcome:
    metrics = GatewayMetrics(Metrics())
    return await settle(provider, command(method=method), lambda _: None, metrics, budget_s)


async def test_a_charge_carries_all_that_stripe_must_know(
    provider: StripePayments, stripe: Stripe
) -> None:
    assert await provider.charge(command(method=VISA)) == PAID
    ((_, _, sent),) = stripe.seen

    assert {
        "amount": "20000", "currency": "usd", "customer": "cus_acme", "payment_method": VISA,
        "confirm": "true", "off_session": "true",
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
        "metadata[command_id]": "acme/r1/1", "metadata[tenant_id]": "acme",
        "metadata[recharge_id]": "acme/r1",
    } == sent  # fmt: skip
    assert {"acme/r1/1"} == set(stripe.keys)


async def test_the_look_up_finds_what_was_charged_when_the_key_is_forgotten(
    provider: StripePayments, stripe: Stripe
) -> None:
    assert await provider.look_up(command()) is None
    await provider.charge(command(method=VISA))
    stripe.forget_keys()

    assert await provider.look_up(command()) == PAID
    assert await provider.look_up(command("another")) is None
    assert await provider.look_up(command(customer="cus_other")) is None


async def test_the_look_up_reads_all_pages(
    provider: StripePayments, stripe: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payments, "PAGE", 2)
    for number in range(5):
        await provider.charge(command(f"c{number}", VISA))

    assert [await provider.look_up(command(f"c{n}")) for n in range(5)] == [
        Succeeded(f"pi_00000{n + 1}", 200_000_000, "USD", livemode=False) for n in range(5)
    ]


async def test_without_a_customer_it_searches_and_the_key_covers_what_search_does_not_show_yet(
    provider: StripePayments, stripe: Stripe
) -> None:
    odd = command('A"\\c', VISA, customer=None)
    await provider.charge(command('a"\\C', VISA, customer=None))
    assert await provider.look_up(odd) is None

    first = await provider.charge(odd)
    assert await provider.look_up(odd) == first
    stripe.search_lags = True
    assert await provider.look_up(odd) is None
    assert await provider.charge(odd) == first
    assert {1} == set(stripe.captures().values())


@pytest.mark.parametrize(
    ("method", "decline_class", "code"),
    [
        ("pm_card_chargeDeclined", "soft", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "soft", "insufficient_funds"),
        ("pm_card_chargeDeclinedProcessingError", "soft", "processing_error"),
        ("pm_card_novel", "soft", "a_code_of_tomorrow"),
        ("pm_card_chargeDeclinedExpiredCard", "hard", "expired_card"),
        ("pm_card_chargeDeclinedLostCard", "hard", "lost_card"),
        ("pm_card_authenticationRequired", "hard", "authentication_required"),
    ],
)
async def test_a_decline_has_its_class_and_is_the_same_when_looked_up(
    provider: StripePayments, stripe: Stripe, method: str, decline_class: str, code: str
) -> None:
    answer = await provider.charge(command(method=method))
    stripe.forget_keys()

    assert isinstance(answer, Declined)
    assert (answer.decline_class, answer.code) == (decline_class, code)
    assert answer.payment_id == "pi_000001"
    assert answer == await provider.look_up(command()) == await settled(provider, method)
    assert len(stripe.intents) == 1


async def test_who_must_act_is_not_there_so_the_intent_is_closed_and_then_declined(
    provider: StripePayments, stripe: Stripe
) -> None:
    answer = await provider.charge(command(method="pm_card_action"))

    assert answer == declined("authentication_required", "pi_000001")
    assert stripe.intents["pi_000001"]["status"] == "canceled"
    assert answer == await provider.look_up(command())


async def test_a_payment_that_became_paid_while_it_was_to_be_closed_is_paid(
    provider: StripePayments, stripe: Stripe
) -> None:
    await provider.charge(command(method="pm_sepa"))
    seen = {**stripe.intents["pi_000001"], "status": "requires_action"}
    stripe.settle("pi_000001", paid=True)

    assert await provider.conclude(seen) == PAID


async def test_an_intent_that_was_left_open_is_closed_when_stripe_cannot_be_at_it_any_more(
    provider: StripePayments, stripe: Stripe
) -> None:
    await provider.charge(command(method="pm_sepa"))
    intent = stripe.intents["pi_000001"]
    intent["status"] = "requires_confirmation"
    assert isinstance(await provider.look_up(command()), Unknown)
    assert intent["status"] == "requires_confirmation"

    intent["created"] -= 121
    assert await provider.look_up(command()) == declined("payment_intent_canceled", "pi_000001")
    assert intent["status"] == "canceled"


async def test_a_payment_under_way_is_unclear(provider: StripePayments, stripe: Stripe) -> None:
    assert name_of(await provider.charge(command(method="pm_sepa"))) == "undecided"
    found = await provider.look_up(command())
    assert found is not None
    assert name_of(found) == "undecided"

    stripe.settle("pi_000001", paid=True)
    assert await provider.look_up(command()) == PAID


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"method": "pm_gone"}, declined("resource_missing")),
        ({"customer": "cus_unknown", "method": "pm_gone"}, declined("resource_missing")),
        ({"amount_micros": 100_000}, declined("amount_too_small")),
        ({"amount_micros": 1_234_567}, declined("amount_not_representable")),
        ({"amount_micros": 500_500_000, "currency": "JPY"}, declined("amount_not_representable")),
    ],
)
async def test_what_stripe_would_never_take_is_a_hard_decline(
    provider: StripePayments, changes: dict[str, object], expected: Declined
) -> None:
    refused = command(**{"method": VISA, **changes})  # type: ignore[arg-type]

    assert await provider.look_up(refused) is None
    assert await provider.charge(refused) == expected
    assert expected.decline_class == "hard"


async def test_another_currencys_units(provider: StripePayments, stripe: Stripe) -> None:
    yen = command("yen", VISA, amount_micros=500_000_000, currency="JPY")

    assert await provider.charge(yen) == Succeeded("pi_000001", 500_000_000, "JPY", livemode=False)
    assert stripe.intents["pi_000001"]["amount"] == 500


async def test_the_money_is_told_as_stripe_tells_it(
    provider: StripePayments, stripe: Stripe
) -> None:
    await provider.charge(command(method=VISA))
    stripe.intents["pi_000001"].update(amount_received=123, currency="eur")

    assert await provider.look_up(command()) == Succeeded(
        "pi_000001", 1_230_000, "EUR", livemode=False
    )


@pytest.mark.parametrize("fault", ["429", "500", "500_after", "drop", "drop_after"])
async def test_trouble_is_tried_again_with_the_same_key_and_captured_once(
    provider: StripePayments, stripe: Stripe, fault: Fault
) -> None:
    stripe.faults = [fault] * 2

    assert await settled(provider) == PAID
    assert {"acme/r1/1": 1} == stripe.captures()


async def test_an_answer_that_does_not_come_is_unclear_and_found_later(
    provider: StripePayments, stripe: Stripe
) -> None:
    stripe.faults = ["hang_after"]

    assert await settled(provider, budget_s=0.5) == Unknown(
        "no answer from the provider within 0.5 s"
    )
    assert await settled(provider) == PAID


async def test_retry_after_is_read(provider: StripePayments, stripe: Stripe) -> None:
    stripe.faults, stripe.retry_after = ["429"], "7"

    with pytest.raises(TroubleError) as caught:
        await provider.charge(command(method=VISA))
    assert (caught.value.status, caught.value.retry_after_s) == ("429", 7.0)


async def test_a_refused_key_says_nothing_of_the_card(
    provider: StripePayments, stripe: Stripe
) -> None:
    stripe.faults = ["401"]

    assert name_of(await provider.charge(command(method=VISA))) == "unknown"


async def test_a_key_used_with_other_parameters_is_looked_up_and_no_failure(
    provider: StripePayments, stripe: Stripe
) -> None:
    await provider.charge(command(method=VISA))

    assert await provider.charge(command(method=VISA, amount_micros=50_000_000)) == PAID
    assert await provider.charge(
        command(method=VISA, amount_micros=50_000_000, customer="cus_other")
    ) == Unknown("the provider answered IdempotencyError")


async def test_neither_key_nor_card_number_gets_anywhere(
    provider: StripePayments, stripe: Stripe, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    methods = (VISA, "pm_card_chargeDeclined", "pm_gone", "pm_card_action")
    stripe.faults = ["401"]
    outcomes = [await settled(provider)]
    outcomes += [await provider.charge(command(f"c{m}", m)) for m in methods]
    stripe.faults = ["500"]
    with pytest.raises(TroubleError) as caught:
        await provider.charge(command("trouble", VISA))
    late = [await provider.late_outcome(intent) for intent in list(stripe.intents.values())]
    written = [encode_result(told, Origin("stripe", "test"), 1).decode() for told in late if told]
    texts = [*map(repr, outcomes), *written, caplog.text, repr(caught.value), repr(provider)]
    texts += [json.dumps([str(caught.value.__context__ and caught.value.__cause__)])]

    assert [] == [text for text in texts if CARD_NUMBER in text or KEY in text]
    assert "Secret(...)" == repr(Secret(KEY)) == str(Secret(KEY))
