"""Payments held: an honest circle with stops is clean, and a payment that was asked for in one is found."""

from collections.abc import Callable

import pytest

from rater.core.charging_settings import SettingsBook
from rater.core.recharge.journal import RechargeJournal
from tests.reconcile.honest_circle import HOUR_MS, UNIT, HonestCircle
from tests.reconcile.tampering import Topics, altered, differences, place_of
from tests.reconcile.test_recharge_proofs import is_of, named, values
from topics import catalog

PAYMENTS, SETTINGS = catalog.PAYMENT_COMMANDS.name, catalog.CHARGING_SETTINGS.name
NOTICES = catalog.NOTIFICATIONS.name
MINUTE_MS = 60_000


def stopping_circle() -> HonestCircle:
    """Return a circle in which payments of beta were held, then of all, then of nobody."""
    circle = HonestCircle()
    for tenant in ("acme", "beta", "gamma"):
        circle.join(tenant)
    circle.spend("gamma")
    circle.load_settings(circle.now_ms + 2 * MINUTE_MS, payments_held_of=["beta"])
    circle.wait(3 * MINUTE_MS)
    for tenant in ("acme", "beta"):
        circle.spend(tenant)
    circle.load_settings(circle.now_ms + 2 * MINUTE_MS, payments_held=True)
    circle.wait(HOUR_MS)
    circle.decline(circle.last("acme"), "soft")
    circle.capture(circle.last("gamma"))
    circle.turn()
    circle.spend("gamma", 60 * UNIT)
    circle.load_settings(circle.now_ms + 2 * MINUTE_MS)
    circle.wait(3 * MINUTE_MS)
    for tenant in ("acme", "beta", "gamma"):
        circle.capture(circle.last(tenant))
    circle.turn()
    return circle


@pytest.fixture(scope="module")
def circle() -> Topics:
    return dict(stopping_circle().topics)


def sent(topics: Topics) -> list[str]:
    """Return whose payment commands there are, each once."""
    ids = dict.fromkeys(each["command_id"] for each in values(topics, PAYMENTS))
    return sorted(each.partition("/")[0] for each in ids)


def test_an_honest_circle_with_stops_is_clean_and_asks_once_when_they_end(circle: Topics) -> None:
    assert differences(circle) == []
    assert sent(circle) == ["acme", "acme", "beta", "gamma", "gamma"]
    assert not [each for each in values(circle, NOTICES) if each["kind"] == "recharge_failed"]


def held_from_the_beginning(topics: Topics) -> Topics:
    """Let the first version have held payments before gamma's was asked for."""
    held = {"valid_from": "2024-12-31T00:00:00Z", "payments_held_of": ["gamma"]}
    return altered(topics, SETTINGS, 0, held)


def held_of_another(topics: Topics) -> Topics:
    """Let the first version have named the tenant that was recharged in it."""
    return altered(topics, SETTINGS, 0, {"payments_held_of": ["acme"]})


def never_lifted(topics: Topics) -> Topics:
    """Let the last version hold payments on."""
    return altered(topics, SETTINGS, 2, {"payments_held": True})


def asked_for_in_the_stop(topics: Topics) -> Topics:
    """Let a payment have been asked for before the stop ended."""
    index = place_of(topics, PAYMENTS, is_of(tenant_id="beta"))
    before = values(topics, PAYMENTS)[index]["requested_ms"] - HOUR_MS // 2
    name = f"beta/recharge/1/{before}"
    more = {"recharge_id": name, "command_id": f"{name}/1", "requested_ms": before}
    return altered(topics, PAYMENTS, index, more)


@pytest.mark.parametrize(
    "tamper", [held_from_the_beginning, held_of_another, never_lifted, asked_for_in_the_stop]
)
def test_a_payment_that_was_asked_for_in_a_stop_is_found(
    circle: Topics, tamper: Callable[[Topics], Topics]
) -> None:
    assert ("payments held", "requested_ms") in named(differences(tamper(circle)))


@pytest.mark.parametrize(
    "seed",
    [
        (RechargeJournal, "holds", lambda *_: False),
        (
            SettingsBook,
            "holds_payments",
            lambda book, _, at_ms: book.at(at_ms).held_payments.of_all,
        ),
        (
            SettingsBook,
            "holds_payments",
            lambda book, name, at_ms: name in book.at(at_ms).held_payments.tenants,
        ),
    ],
    ids=["never asked", "only for all", "only by name"],
)
def test_a_worker_that_does_not_hold_payments_is_found(
    monkeypatch: pytest.MonkeyPatch, seed: tuple[type, str, Callable[..., bool]]
) -> None:
    monkeypatch.setattr(*seed)

    assert ("payments held", "requested_ms") in named(differences(dict(stopping_circle().topics)))


def test_a_stop_that_is_dated_back_is_believed_either_way_for_an_hour() -> None:
    circle = HonestCircle()
    circle.join("acme")
    circle.spend("acme")
    circle.load_settings(circle.now_ms - HOUR_MS, payments_held=True)
    circle.capture(circle.last("acme"))
    circle.turn()
    circle.spend("acme", 120 * UNIT)
    circle.wait(2 * HOUR_MS)
    found = differences(dict(circle.topics))
    circle.load_settings(circle.now_ms - MINUTE_MS)
    circle.wait(MINUTE_MS)

    assert found == []
    assert sent(dict(circle.topics)) == ["acme", "acme"]
    assert differences(dict(circle.topics)) == []
