"""Who a canary may be, its account, and how a round that does not pass is told."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.errors import TopicAuthorizationFailedError

from rater.core.charging_settings import SettingsBook
from rater.core.limits import HOUR_MS
from rater.core.times import to_text
from rater.shell.canary import process
from rater.shell.canary.metrics import CanaryMetrics
from rater.shell.canary.process import Canary
from rater.shell.canary.round import AmissError, Seen
from rater.shell.canary.settings import CanarySettings
from rater.shell.process.health import Health
from rater.shell.process.metrics import Metrics
from rater.shell.process.start import StartError
from tests.build import NOW, SETTINGS, settings_version
from topics.catalog import ACCOUNT_COMMANDS, ACCOUNT_REQUESTS, LEDGER

if TYPE_CHECKING:
    from rater.core.charging_settings import ChargingSettings
    from rater.shell.canary.round import Wanted
    from rater.shell.canary.terms import Json
    from topics.topic import Topic


class Watched:
    """Orders that were sent; each is answered by an entry of its kind."""

    def __init__(self, status: Json | None, **rejected: str) -> None:
        self.status = status
        self.rejected = rejected
        self.orders: list[tuple[str, Json]] = []

    def begin(self) -> None:
        """Nothing is kept."""

    async def order(self, topic: Topic, record: Json) -> None:
        self.orders.append((topic.name, record))

    async def first(self, wanted: Wanted) -> Seen:
        order = self.orders[-1][1]
        entry: dict[str, Any] = {"kind": "taken", "command_id": order["command_id"]}
        if reason := self.rejected.get(order["type"]):
            entry |= {"kind": "command_rejected", "reason": reason, "detail": "no"}
        seen = Seen(LEDGER.name, entry, 1.0)
        if not wanted(seen):
            raise TimeoutError
        return seen


def canary(
    monkeypatch: pytest.MonkeyPatch, watched: Watched | None = None, *versions: ChargingSettings
) -> Canary:
    """Make a canary whose clock stands, with what it knows and sees."""
    monkeypatch.setattr(process, "now_ms", lambda: NOW)
    monkeypatch.setattr(process, "SettingsService", lambda *_: Known(*versions))
    monkeypatch.setattr(process, "Watch", lambda *_: watched or Watched(None))
    metrics = CanaryMetrics(Metrics(rooms=()))
    settings = CanarySettings(tenant_id="canary", patience_s=2.0)
    return Canary(settings, 8, metrics, Health(metrics.shared, parts=("canary",)))


class Known:
    """Charging settings."""

    def __init__(self, *versions: ChargingSettings) -> None:
        self.book = SettingsBook(SETTINGS, versions)


def test_a_tenant_that_is_no_canary_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    others = settings_version(1, canary_tenants=("another",))
    with pytest.raises(StartError, match="canary is no canary: add it to canary_tenants"):
        canary(monkeypatch, None, others)._refuse_others()


def test_a_tenant_that_is_a_canary_later_is_told_when(monkeypatch: pytest.MonkeyPatch) -> None:
    later = settings_version(
        1, NOW - HOUR_MS, canary_tenants=("canary",), known_from_ms=NOW + HOUR_MS
    )
    with pytest.raises(StartError, match=f"no canary before {to_text(NOW + HOUR_MS)}"):
        canary(monkeypatch, None, later)._refuse_others()


def test_a_canary_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    canary(monkeypatch, None, settings_version(1, canary_tenants=("canary",)))._refuse_others()


async def test_an_account_that_is_not_there_is_opened_first_and_each_order_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched = Watched(None)
    one = canary(monkeypatch, watched)
    await one._open()
    await one._open()

    assert [(topic, order["type"]) for topic, order in watched.orders] == [
        (ACCOUNT_COMMANDS.name, "open_account"),
        (ACCOUNT_REQUESTS.name, "set_payment_methods"),
        (ACCOUNT_REQUESTS.name, "set_auto_recharge"),
    ]
    assert {order["command_id"] for _, order in watched.orders} == {
        f"canary-1-{order['type']}" for _, order in watched.orders
    }


async def test_where_the_broker_does_not_let_it_open_an_account_billing_is_told_how(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Forbidden(Watched):
        async def order(self, topic: Topic, record: Json) -> None:
            if topic.name == ACCOUNT_COMMANDS.name:
                raise TopicAuthorizationFailedError(topic.name)

    with pytest.raises(StartError) as refused:
        await canary(monkeypatch, Forbidden(None))._round()

    said = str(refused.value)
    assert '{"type": "open_account", "command_id": "canary-1-open_account", "tenant_id"' in said
    assert "rater produce account.commands.v1" in said
    assert "User:ANONYMOUS needs Write on topic account.commands.v1" in said


async def test_an_account_that_is_there_is_not_opened_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched = Watched({"state": "active", "currency": "XTS", "decks": ["canary"]})
    await canary(monkeypatch, watched)._open()

    assert [topic for topic, _ in watched.orders] == 2 * [ACCOUNT_REQUESTS.name]


@pytest.mark.parametrize(
    "status",
    [
        {"state": "active", "currency": "USD", "decks": ["sample"]},
        {"state": "closed", "currency": "XTS", "decks": ["canary"]},
    ],
)
async def test_an_account_that_is_not_the_canarys_own_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, status: Json
) -> None:
    watched = Watched(status)
    with pytest.raises(AmissError, match="account: expected an open account in XTS"):
        await canary(monkeypatch, watched)._open()
    assert watched.orders == []


async def test_a_refused_order_fails_the_round_at_the_account_in_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one = canary(monkeypatch, Watched(None, set_auto_recharge="below_minimum"))
    with caplog.at_level(logging.ERROR):
        assert not await one._round()

    (line,) = [record.getMessage() for record in caplog.records]
    assert line == (
        "canary canary, account: expected set_auto_recharge to be taken; found below_minimum: no"
    )
    value = one._metrics.shared.registry.get_sample_value
    labels = {"outcome": "failed", "step": "account"}
    assert value("rater_canary_rounds_total", labels) == 1
    assert value("rater_canary_last_success_seconds") == 0
