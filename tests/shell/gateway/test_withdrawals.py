"""What must not be charged any more: at the simulator and at Stripe, against a gateway about to charge elsewhere."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from aiokafka import TopicPartition

from rater.kafka.broker import Broker
from rater.secret import Secret
from rater.shell.gateway.providers.provider import Payments, Succeeded, Unknown
from rater.shell.gateway.providers.simulator.provider import Simulator
from rater.shell.gateway.providers.stripe.declines import declined
from rater.shell.gateway.providers.stripe.payments import StripePayments
from rater.shell.gateway.withdrawals import Withdrawals
from rater.shell.process.clock import now_ms
from tests.shell.gateway.commands import cancel_of, command
from tests.stripe_server import Stripe, StripeServer

HERE = TopicPartition("payment.commands.v1", 3)


@pytest.fixture
async def simulator(tmp_path: Path) -> AsyncIterator[Simulator]:
    made = Simulator(tmp_path / "book")
    yield made
    await made.close()


@pytest.fixture
def server() -> Iterator[StripeServer]:
    with StripeServer() as made:
        yield made


@pytest.fixture
async def at_stripe(server: StripeServer) -> AsyncIterator[tuple[StripePayments, Stripe]]:
    provider = StripePayments(Secret("sk_test_x"), server.base)
    yield provider, server.stripe
    await provider.close()


async def test_a_command_is_withdrawn_after_its_time_or_when_taken_back() -> None:
    withdrawals = Withdrawals(Broker("nowhere"))
    withdrawals._looked_through.add(HERE)
    fresh, late = command("a/1"), command("b/1", answer_by_ms=now_ms() - 1)
    record = SimpleNamespace(offset=7, value=msgspec.json.encode(cancel_of(fresh)))

    assert withdrawals.against(fresh) is None
    assert withdrawals.against(late) == "expired"
    assert withdrawals.against(cancel_of(fresh)) == "cancelled"
    await withdrawals.see({HERE: [record]})
    assert withdrawals.against(fresh) == "cancelled"
    withdrawals.end(cancel_of(fresh))
    assert withdrawals.against(fresh) is None


@pytest.mark.parametrize("is_stripe", [False, True])
async def test_withdrawn_it_cannot_be_charged_not_even_by_a_gateway_that_looked_up_before(
    simulator: Simulator,
    at_stripe: tuple[StripePayments, Stripe],
    is_stripe: bool,  # noqa: FBT001
) -> None:
    provider: Payments = at_stripe[0] if is_stripe else simulator
    late = command(method="pm_card_visa" if is_stripe else "sim:ok")
    assert await provider.look_up(late) is None
    first = await provider.withdraw(late, "expired")
    again = await provider.withdraw(late, "expired")
    charged = await provider.charge(late)

    assert first == again == charged == declined("expired", first.payment_id)  # type: ignore[union-attr]
    assert await provider.look_up(late) == first
    assert not at_stripe[1].captures()


@pytest.mark.parametrize("is_stripe", [False, True])
async def test_what_was_captured_stays_captured(
    simulator: Simulator,
    at_stripe: tuple[StripePayments, Stripe],
    is_stripe: bool,  # noqa: FBT001
) -> None:
    provider: Payments = at_stripe[0] if is_stripe else simulator
    paid = command(method="pm_card_visa" if is_stripe else "sim:ok")
    captured = await provider.charge(paid)

    assert isinstance(captured, Succeeded)
    assert await provider.withdraw(cancel_of(paid), "cancelled") == captured


async def test_a_charge_that_slips_in_between_look_up_and_withdrawal_is_found(
    at_stripe: tuple[StripePayments, Stripe],
) -> None:
    provider, _ = at_stripe
    slow = command(method="pm_card_visa")
    find, calls = provider._find, []

    async def blind_once(order: object) -> object:
        calls.append(order)
        return None if len(calls) == 1 else await find(slow)

    provider._find = blind_once  # type: ignore[method-assign,assignment]
    captured = await provider.charge(slow)

    assert isinstance(captured, Succeeded)
    assert await provider.withdraw(slow, "expired") == captured


async def test_at_stripe_what_is_open_or_at_work_is_cancelled_before_it_is_called_so(
    at_stripe: tuple[StripePayments, Stripe],
) -> None:
    provider, stripe = at_stripe
    slow = command(method="pm_sepa")
    assert isinstance(await provider.charge(slow), Unknown)
    outcome = await provider.withdraw(slow, "cancelled")

    (intent,) = stripe.intents.values()
    assert intent["status"] == "canceled"
    assert outcome == declined("cancelled", intent["id"])


async def test_at_stripe_killed_between_taking_the_key_and_cancelling_the_next_cancels(
    at_stripe: tuple[StripePayments, Stripe],
) -> None:
    provider, stripe = at_stripe
    late = command(method="pm_card_visa")
    await provider._take_key(late, "expired")
    (intent,) = stripe.intents.values()
    assert intent["status"] == "requires_payment_method"
    outcome = await provider.withdraw(late, "expired")

    assert intent["status"] == "canceled"
    assert outcome == declined("expired", intent["id"])


async def test_the_webhook_of_a_taken_key_says_the_same(
    at_stripe: tuple[StripePayments, Stripe],
) -> None:
    provider, stripe = at_stripe
    outcome = await provider.withdraw(command(method="pm_card_visa"), "expired")
    (intent,) = stripe.intents.values()
    told = await provider.late_outcome(dict(intent))

    assert told is not None
    assert told.outcome == outcome


async def test_an_amount_that_cannot_be_charged_needs_no_key(
    at_stripe: tuple[StripePayments, Stripe],
) -> None:
    provider, stripe = at_stripe
    tiny = command(method="pm_card_visa", amount_micros=10_000)

    assert await provider.withdraw(tiny, "expired") == declined("expired")
    assert {} == stripe.intents


async def test_of_what_a_simulated_provider_captures_later_nothing_is_said_yet(
    simulator: Simulator,
) -> None:
    late = command(method="sim:late=60s")
    await simulator.charge(late)

    assert isinstance(await simulator.withdraw(late, "expired"), Unknown)
