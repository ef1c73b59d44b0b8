"""Canary tenants are paid for by the simulator alone, all others by the gateway's own provider (R32)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rater.core.charging_settings import SettingsBook
from rater.shell.gateway.metrics import GatewayMetrics
from rater.shell.gateway.providers.declines import CANARY_METHOD
from rater.shell.gateway.providers.opening import ProviderSettings
from rater.shell.gateway.providers.provider import Declined, Succeeded
from rater.shell.gateway.providers.registry import CANARIES
from rater.shell.gateway.routes import Routes
from rater.shell.gateway.settling import settle
from rater.shell.process.metrics import Metrics
from tests.build import DAY, NOW, SETTINGS, settings_version
from tests.shell.gateway.commands import Obedient, cancel_of, command

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from rater.shell.gateway.providers.provider import Outcome, Provider
    from topics.records.payments import PaymentOrder

BOOK = SettingsBook(
    SETTINGS,
    [
        settings_version(1, NOW, canary_tenants=("canary",)),
        settings_version(2, NOW + DAY),
    ],
)


@pytest.fixture
async def simulator() -> AsyncIterator[Provider]:
    opened = await CANARIES.open(ProviderSettings(count_webhook=lambda _: None))
    yield opened
    await opened.close()


def routes(own: Provider, simulator: Provider, metrics: GatewayMetrics | None = None) -> Routes:
    metrics = metrics or GatewayMetrics(Metrics(rooms=()))
    return Routes(own, simulator, CANARIES.method_prefix, BOOK.is_canary, metrics)


def asked(tenant: str, method: str, at_ms: int = NOW) -> PaymentOrder:
    return command(tenant_id=tenant, method=method, requested_ms=at_ms)


async def settled(ways: Routes, order: PaymentOrder) -> Outcome:
    route = ways.of(order)
    return await settle(route.provider, order, lambda _: route.refusal, route.metrics, 5.0)


async def test_a_canary_is_paid_for_by_the_simulator_and_its_results_say_so(
    simulator: Provider,
) -> None:
    own = Obedient([], [])
    ways = routes(own, simulator)
    order = asked("canary", "sim:ok")

    paid = await settled(ways, order)

    assert isinstance(paid, Succeeded)
    assert not paid.livemode
    assert ways.of(order).origin == ("simulator", "test")
    assert own.asked == []


async def test_nobody_else_comes_to_the_simulator_whatever_the_method(simulator: Provider) -> None:
    own = Obedient([], [])
    ways = routes(own, simulator)

    for method in ("sim:ok", "pm_1"):
        assert ways.of(asked("acme", method)).provider is own
        assert ways.of(asked("canary", method, NOW - 1)).provider is own
        assert ways.of(asked("canary", method, NOW + DAY)).provider is own
    assert ways.of(asked("acme", "sim:ok")).origin == ("obedient", "test")


async def test_a_canary_that_names_a_real_method_is_refused_and_nothing_is_charged(
    simulator: Provider,
) -> None:
    refused = Declined("hard", CANARY_METHOD, "no such method for a canary")
    own = Obedient([None], [], [refused])

    outcome = await settled(routes(own, simulator), asked("canary", "pm_1"))

    assert outcome == refused
    assert own.asked == ["look_up", f"withdraw {CANARY_METHOD}"]


async def test_what_was_captured_before_is_told_and_not_refused(simulator: Provider) -> None:
    paid = Succeeded("pi_1", 200_000_000, "USD", livemode=True)
    own = Obedient([paid], [])

    assert await settled(routes(own, simulator), asked("canary", "pm_1")) == paid
    assert own.asked == ["look_up"]


@pytest.mark.parametrize("at_ms", [NOW - 1, NOW, NOW + DAY - 1, NOW + DAY])
async def test_what_is_sent_again_or_taken_back_goes_where_it_went(
    simulator: Provider, at_ms: int
) -> None:
    ways = routes(Obedient([], []), simulator)
    order = command(tenant_id="canary", requested_ms=at_ms)

    assert ways.of(order) == ways.of(cancel_of(order))


async def test_a_version_published_meanwhile_moves_nothing_that_was_asked_for_before(
    simulator: Provider,
) -> None:
    own, metrics = Obedient([], []), GatewayMetrics(Metrics(rooms=()))
    book = SettingsBook(SETTINGS)

    def is_canary(tenant_id: str, at_ms: int) -> bool:
        return book.is_canary(tenant_id, at_ms)

    ways = Routes(own, simulator, CANARIES.method_prefix, is_canary, metrics)
    order = asked("canary", "pm_1", NOW - 1)
    before = ways.of(order)

    for version in (
        settings_version(1, NOW, canary_tenants=("canary",)),
        settings_version(2, 0, canary_tenants=("canary",), known_from_ms=NOW + DAY),
    ):
        book = book.with_version(version)
        assert ways.of(order) == before


async def test_where_the_gateway_has_the_simulator_alone_there_is_one_to_listen_to(
    simulator: Provider,
) -> None:
    own = Obedient([], [])

    assert len(routes(own, simulator).all()) == 2
    assert [each.provider for each in routes(simulator, simulator).all()] == [simulator]


async def test_canaries_are_counted_apart(simulator: Provider) -> None:
    metrics = GatewayMetrics(Metrics(rooms=()))
    ways = routes(Obedient([], []), simulator, metrics)
    await settled(ways, asked("canary", "sim:ok"))
    ways.of(asked("canary", "sim:ok")).metrics.command_done("succeeded")

    value = metrics.shared.registry.get_sample_value
    assert value("rater_gateway_canary_commands_total", {"outcome": "succeeded"}) == 1
    assert value("rater_gateway_commands_total", {"outcome": "succeeded"}) == 0
    questions = {"operation": "charge", "status": "succeeded"}
    assert value("rater_gateway_provider_requests_total", questions) == 0


async def test_a_temporary_book_is_gone_when_the_simulator_is_closed_and_a_given_one_stays(
    tmp_path: Path,
) -> None:
    book = tmp_path / "book.sqlite"
    given = ProviderSettings(count_webhook=lambda _: None, options={"book": str(book)})
    for asked_for in (given, ProviderSettings(count_webhook=lambda _: None)):
        opened = await CANARIES.open(asked_for)
        paid = await opened.charge(command(method="sim:ok"))
        await opened.close()
        # Captured again by one who knows nothing of it, it is the same payment.
        assert paid.payment_id.startswith("sim_")  # type: ignore[union-attr]

    assert book.exists()


async def test_a_command_that_is_captured_again_after_its_book_is_lost_has_the_same_payment_id() -> (
    None
):
    ids = set()
    for _ in range(2):
        opened = await CANARIES.open(ProviderSettings(count_webhook=lambda _: None))
        ids.add((await opened.charge(command("canary/r1/1"))).payment_id)  # type: ignore[union-attr]
        await opened.close()

    assert len(ids) == 1
