"""The contract of a payment provider: every one in the registry passes, against a counterpart with its own record."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from rater.shell.gateway import settling
from rater.shell.gateway.metrics import GatewayMetrics
from rater.shell.gateway.providers.declines import SHARED
from rater.shell.gateway.providers.opening import OpeningError
from rater.shell.gateway.providers.provider import (
    Declined,
    LateOutcome,
    MovedBack,
    Provider,
    Succeeded,
    TroubleError,
    Unknown,
)
from rater.shell.gateway.providers.registry import PROVIDERS
from rater.shell.process.metrics import Metrics
from tests.shell.gateway.commands import cancel_of, command
from tests.shell.gateway.providers.counterparts import COUNTERPARTS, Counterpart, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from rater.shell.gateway.providers.provider import Outcome
    from topics.records.payments import PaymentCommand

AMOUNT = 200_000_000


@dataclass(frozen=True)
class Stage:
    """A provider in test mode, and its other end."""

    name: str
    provider: Provider
    there: Counterpart


@pytest.fixture(params=sorted(PROVIDERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def there(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counterpart]:
    made = COUNTERPARTS[name](tmp_path, monkeypatch)
    yield made
    made.close()


@pytest.fixture
async def stage(name: str, there: Counterpart) -> AsyncIterator[Stage]:
    provider = await opened(name, there, "test")
    yield Stage(name, provider, there)
    await provider.close()


async def heard(provider: Provider, count: int, seconds: float = 10.0) -> list[LateOutcome]:
    """Return the first so many outcomes that a provider tells of its own accord."""
    told: list[LateOutcome] = []
    enough = asyncio.Event()

    async def publish(late: LateOutcome) -> None:
        told.append(late)
        if len(told) >= count:
            enough.set()

    telling = asyncio.create_task(provider.tell_late_outcomes(publish))
    try:
        async with asyncio.timeout(seconds):
            await enough.wait()
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    return told


async def settled(provider: Provider, asked: PaymentCommand, budget_s: float) -> Outcome:
    metrics = GatewayMetrics(Metrics())
    return await settling.settle(provider, asked, lambda _: None, metrics, budget_s)


def test_every_provider_has_a_counterpart_and_is_called_by_its_name() -> None:
    assert set(PROVIDERS) == set(COUNTERPARTS)
    assert [kind.name for kind in PROVIDERS.values()] == list(PROVIDERS)


async def test_a_result_names_the_provider_as_the_registry_does(stage: Stage) -> None:
    assert stage.provider.name == stage.name


async def test_a_command_is_captured_once_however_often_it_is_sent(stage: Stage) -> None:
    asked = command(method=stage.there.methods.captured)
    first = await stage.provider.charge(asked)
    again = await asyncio.gather(*(stage.provider.charge(asked) for _ in range(3)))

    assert isinstance(first, Succeeded)
    assert again == [first] * 3
    assert stage.there.captures() == {asked.command_id: 1}


async def test_two_gateways_that_charge_a_command_at_once_capture_it_once(stage: Stage) -> None:
    asked = command(method=stage.there.methods.captured)
    other = await opened(stage.name, stage.there, "test")
    outcomes = await asyncio.gather(stage.provider.charge(asked), other.charge(asked))
    await other.close()

    assert outcomes[0] == outcomes[1]
    assert stage.there.captures() == {asked.command_id: 1}


async def test_the_look_up_is_exact_when_the_keys_are_forgotten(stage: Stage) -> None:
    asked = command(method=stage.there.methods.captured)
    assert await stage.provider.look_up(asked) is None
    paid = await stage.provider.charge(asked)
    stage.there.forget_keys()

    assert await stage.provider.look_up(asked) == paid
    assert await stage.provider.look_up(command("acme/r1/2")) is None
    assert await stage.provider.look_up(command("ACME/r1/1")) is None


async def test_what_was_made_for_one_command_is_not_the_others(stage: Stage) -> None:
    method = stage.there.methods.captured
    first, second = command("a/1", method), command("a/2", method)
    outcomes = [await stage.provider.charge(each) for each in (first, second)]

    assert outcomes[0] != outcomes[1]
    assert [await stage.provider.look_up(each) for each in (first, second)] == outcomes


@pytest.mark.parametrize("decline_class", ["soft", "hard"])
async def test_a_decline_has_its_class_its_code_and_a_sentence_of_ours(
    stage: Stage, decline_class: str
) -> None:
    methods = stage.there.methods
    method, code = methods.declined_hard if decline_class == "hard" else methods.declined_soft
    asked = command(method=method)
    answer = await stage.provider.charge(asked)

    assert isinstance(answer, Declined)
    assert (answer.decline_class, answer.code) == (decline_class, code)
    assert answer.detail == SHARED[code].detail
    assert await stage.provider.charge(asked) == answer
    stage.there.forget_keys()
    assert await stage.provider.look_up(asked) == answer
    assert not stage.there.captures()


async def test_a_method_that_the_provider_does_not_know_is_declined_for_good(stage: Stage) -> None:
    answer = await stage.provider.charge(command(method=stage.there.methods.unknown))

    assert isinstance(answer, Declined)
    assert answer.decline_class == "hard"
    assert not stage.there.captures()


async def test_what_was_withdrawn_cannot_be_charged_any_more(stage: Stage) -> None:
    asked = command(method=stage.there.methods.captured)
    assert await stage.provider.look_up(asked) is None
    first = await stage.provider.withdraw(cancel_of(asked), "cancelled")
    again = await stage.provider.withdraw(cancel_of(asked), "cancelled")
    charged = await stage.provider.charge(asked)

    assert isinstance(first, Declined)
    assert first.code == "cancelled"
    assert first == again == charged == await stage.provider.look_up(asked)
    assert not stage.there.captures()


async def test_what_was_captured_before_it_was_withdrawn_is_said_to_be(stage: Stage) -> None:
    asked = command(method=stage.there.methods.captured)
    paid = await stage.provider.charge(asked)

    assert await stage.provider.withdraw(cancel_of(asked), "cancelled") == paid


async def test_what_is_withdrawn_while_it_is_pending_is_declined_only_if_it_cannot_be_captured(
    stage: Stage,
) -> None:
    asked = command(method=stage.there.methods.pending)
    await stage.provider.charge(asked)
    outcome = await stage.provider.withdraw(cancel_of(asked), "cancelled")
    stage.there.capture_late(asked.command_id)

    assert isinstance(outcome, Declined | Unknown)
    assert isinstance(outcome, Declined) == (not stage.there.captures())
    if isinstance(outcome, Unknown):
        assert isinstance(await stage.provider.look_up(asked), Succeeded)


async def test_a_late_capture_is_unclear_until_it_is_captured(stage: Stage) -> None:
    asked = command(method=stage.there.methods.pending)

    assert isinstance(await stage.provider.charge(asked), Unknown)
    assert isinstance(await stage.provider.look_up(asked), Unknown)
    stage.there.capture_late(asked.command_id)
    found = await stage.provider.look_up(asked)
    assert isinstance(found, Succeeded)
    assert (found.amount_micros, found.currency) == (AMOUNT, "USD")
    # The key may stand for its first answer still.
    assert isinstance(await stage.provider.charge(asked), Succeeded | Unknown)
    assert stage.there.captures() == {asked.command_id: 1}


async def test_what_is_not_answered_is_unclear_and_captured_once_when_it_is_asked_again(
    stage: Stage,
) -> None:
    asked = command(method=stage.there.silent_once())

    assert isinstance(await settled(stage.provider, asked, 0.7), Unknown)
    assert isinstance(await settled(stage.provider, asked, 8.0), Succeeded)
    assert stage.there.captures() == {asked.command_id: 1}


async def test_trouble_says_nothing_of_the_payment_and_passes(stage: Stage) -> None:
    asked = command(method=stage.there.in_trouble_once())
    with pytest.raises(TroubleError) as trouble:
        await stage.provider.charge(asked)

    assert trouble.value.status == "429"
    assert isinstance(await settled(stage.provider, asked, 8.0), Succeeded)
    assert stage.there.captures() == {asked.command_id: 1}


@pytest.mark.parametrize(
    ("amount_micros", "currency"),
    [(200_010_000, "USD"), (50_000_000, "EUR"), (500_000_000, "JPY"), (5_120_000, "KWD")],
)
async def test_an_amount_is_captured_to_the_last_unit_of_its_currency(
    stage: Stage, amount_micros: int, currency: str
) -> None:
    method = stage.there.methods.captured
    asked = command(method=method, amount_micros=amount_micros, currency=currency)
    paid = await stage.provider.charge(asked)

    assert isinstance(paid, Succeeded)
    assert (paid.amount_micros, paid.currency) == (amount_micros, currency)
    assert stage.there.held(asked.command_id) == (amount_micros, currency)


@pytest.mark.parametrize(
    ("amount_micros", "currency"),
    [(200_005_000, "USD"), (1_234_567, "EUR"), (500_500_000, "JPY"), (5_120_500, "KWD")],
)
async def test_an_amount_between_two_units_is_never_rounded(
    stage: Stage, amount_micros: int, currency: str
) -> None:
    method = stage.there.methods.captured
    asked = command(method=method, amount_micros=amount_micros, currency=currency)
    answer = await stage.provider.charge(asked)

    if isinstance(answer, Succeeded):
        assert stage.there.held(asked.command_id) == (amount_micros, currency)
        assert answer.amount_micros == amount_micros
    else:
        assert isinstance(answer, Declined)
        assert answer.decline_class == "hard"
        assert not stage.there.captures()


async def test_a_payment_says_of_itself_whether_money_moved(name: str, there: Counterpart) -> None:
    for mode in there.modes:
        provider = await opened(name, there, mode)
        paid = await provider.charge(command(f"acme/{mode}", there.methods.captured))
        await provider.close()

        assert provider.mode == mode
        assert isinstance(paid, Succeeded)
        assert paid.livemode == (mode == "live")


async def test_a_mode_that_a_provider_does_not_have_is_refused(
    name: str, there: Counterpart
) -> None:
    for mode in {"live", "test"} - set(there.modes):
        with pytest.raises(OpeningError, match=f"--mode {mode}"):
            await opened(name, there, mode)  # type: ignore[arg-type]


async def test_money_that_moved_back_is_told_as_two_sums_of_its_payment(stage: Stage) -> None:
    asked = command(method=stage.there.methods.captured)
    untouched = command("acme/r2/1", stage.there.methods.captured)
    paid = await stage.provider.charge(asked)
    await stage.provider.charge(untouched)
    assert isinstance(paid, Succeeded)
    stage.there.refund(paid.payment_id, 50_000_000)
    stage.there.refund(paid.payment_id, 30_000_000)
    stage.there.refund(paid.payment_id, 20_000_000, fails=True)

    late = (await heard(stage.provider, 1))[-1]

    assert (late.command_id, late.tenant_id) == (asked.command_id, "acme")
    assert isinstance(late.outcome, MovedBack)
    assert (late.outcome.payment_id, late.outcome.currency) == (paid.payment_id, "USD")
    sums = (late.outcome.reversed_micros, late.outcome.restored_micros)
    assert sums == (100_000_000, 20_000_000)
    assert late.outcome.reversal == "refund"


async def test_money_that_moved_back_is_told_again_to_a_gateway_that_starts_later(
    stage: Stage,
) -> None:
    asked = command(method=stage.there.methods.captured)
    paid = await stage.provider.charge(asked)
    assert isinstance(paid, Succeeded)
    stage.there.refund(paid.payment_id, AMOUNT)
    heir = await opened(stage.name, stage.there, "test")
    (late,) = await heard(heir, 1)
    await heir.close()

    assert isinstance(late.outcome, MovedBack)
    assert late.outcome.reversed_micros == AMOUNT
    assert late.command_id == asked.command_id
