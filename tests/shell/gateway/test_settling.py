"""Settling: look up, charge, and again in case of trouble; never a decline out of uncertainty."""

import asyncio

import pytest

from rater.shell.gateway import settling
from rater.shell.gateway.metrics import GatewayMetrics
from rater.shell.gateway.providers.provider import Outcome, Succeeded, TroubleError, Unknown
from rater.shell.gateway.providers.stripe.declines import declined
from rater.shell.gateway.settling import ROUNDS_MAX, backoff_s, settle
from rater.shell.process.metrics import Metrics
from tests.shell.gateway.commands import Obedient, cancel_of, command
from topics.records.payments import PaymentOrder

PAID = Succeeded("pi_1", 200_000_000, "USD", livemode=False)
BUSY = TroubleError("429")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "FIRST_WAIT_S", 0.001)


async def settled(provider: Obedient, budget_s: float = 5.0, *, code: str | None = None) -> Outcome:
    metrics = GatewayMetrics(Metrics())
    return await settle(provider, command(), lambda _: code, metrics, budget_s)


async def test_a_payment_that_was_made_before_is_not_made_again() -> None:
    provider = Obedient([PAID], [])

    assert await settled(provider) == PAID
    assert ["look_up"] == provider.asked


async def test_what_the_provider_never_heard_of_is_charged() -> None:
    provider = Obedient([None], [declined("expired_card")])

    assert await settled(provider) == declined("expired_card")
    assert ["look_up", "charge"] == provider.asked


async def test_after_trouble_it_looks_up_again_before_it_charges_again() -> None:
    provider = Obedient([None, None, PAID], [BUSY, TroubleError("500")])

    assert await settled(provider) == PAID
    assert ["look_up", "charge", "look_up", "charge", "look_up"] == provider.asked


async def test_a_look_up_that_took_long_is_made_again_before_anything_is_charged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Paused(Obedient):
        """One that is asked, and then its process is stopped for a while."""

        async def look_up(self, order: PaymentOrder) -> Outcome | None:
            found = await super().look_up(order)
            if found is None:
                await asyncio.sleep(0.2)
            return found

    monkeypatch.setattr(settling, "LOOK_UP_GOOD_S", 0.1)
    provider = Paused([None, PAID], [])

    assert await settled(provider) == PAID
    assert ["look_up", "look_up"] == provider.asked


async def test_without_a_look_up_nothing_is_charged() -> None:
    provider = Obedient([TroubleError("connection")] * ROUNDS_MAX, [])

    assert await settled(provider) == Unknown("no answer from the provider (connection)")
    assert ["look_up"] * ROUNDS_MAX == provider.asked


async def test_trouble_that_does_not_pass_is_unclear() -> None:
    provider = Obedient([None] * ROUNDS_MAX, [BUSY] * ROUNDS_MAX)

    assert await settled(provider) == Unknown("no answer from the provider (429)")


async def test_a_wait_that_the_time_does_not_allow_is_not_begun() -> None:
    provider = Obedient([None], [TroubleError("429", retry_after_s=60)])

    async with asyncio.timeout(1):
        assert await settled(provider) == Unknown("no answer from the provider (429)")


async def test_retry_after_is_waited_for() -> None:
    provider = Obedient([None, None], [TroubleError("429", retry_after_s=0.2), PAID])
    began = asyncio.get_running_loop().time()

    assert await settled(provider) == PAID
    assert asyncio.get_running_loop().time() - began >= 0.2


async def test_a_provider_that_never_answers_is_unclear_when_the_time_is_up() -> None:
    class Silent(Obedient):
        async def charge(self, command: object) -> Outcome:
            await asyncio.sleep(60)
            raise AssertionError

    assert await settled(Silent([None], []), 0.05) == Unknown(
        "no answer from the provider within 0.05 s"
    )


async def test_a_fault_of_the_adapter_is_unclear_and_its_text_stays_out_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Obedient):
        async def charge(self, command: object) -> Outcome:
            raise KeyError("4242424242424242")

    assert await settled(Broken([None], [])) == Unknown("the gateway failed (KeyError)")
    assert "KeyError at " in caplog.text
    assert "4242" not in caplog.text


def test_waits_double_and_differ_by_command() -> None:
    waits = [backoff_s("acme/r1/1", number) for number in range(5)]

    assert all(0.75e-3 * 2**n <= wait <= 1.25e-3 * 2**n for n, wait in enumerate(waits))
    assert len({backoff_s(f"c{n}", 0) for n in range(50)}) > 40


async def test_what_must_not_be_charged_is_withdrawn_after_the_look_up() -> None:
    provider = Obedient([None], [], [declined("expired")])

    assert await settled(provider, code="expired") == declined("expired")
    assert ["look_up", "withdraw expired"] == provider.asked


@pytest.mark.parametrize("found", [PAID, declined("expired_card")])
async def test_what_is_ended_needs_no_withdrawal(found: Outcome) -> None:
    provider = Obedient([found], [])

    assert await settled(provider, code="cancelled") == found
    assert ["look_up"] == provider.asked


async def test_what_is_open_is_withdrawn_and_may_have_been_captured_meanwhile() -> None:
    provider = Obedient([Unknown("open"), None], [], [BUSY, PAID])

    assert await settled(provider, code="expired") == PAID
    assert ["look_up", "withdraw expired"] * 2 == provider.asked


async def test_the_time_is_looked_at_after_the_look_up_not_before() -> None:
    class Slow(Obedient):
        late = False

        async def look_up(self, order: PaymentOrder) -> Outcome | None:
            self.late = True
            return await super().look_up(order)

    provider = Slow([None], [], [declined("expired")])
    metrics = GatewayMetrics(Metrics())

    def against(_: PaymentOrder) -> str | None:
        return "expired" if provider.late else None

    assert await settle(provider, command(), against, metrics, 5.0) == declined("expired")


async def test_a_cancel_is_never_charged_whatever_is_said_of_it() -> None:
    provider = Obedient([None], [], [declined("cancelled")])
    metrics = GatewayMetrics(Metrics())

    outcome = await settle(provider, cancel_of(command()), lambda _: None, metrics, 5.0)
    assert declined("cancelled") == outcome
    assert ["look_up", "withdraw cancelled"] == provider.asked
