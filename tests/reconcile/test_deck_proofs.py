"""What the reconciler says of decks: retired ones, and versions in another currency."""

import json
from collections.abc import Callable

import pytest

from rater.core.decks import Heading, Retirement
from rater.reconcile.log import Record
from rater.wire.deck_csv import Sheet
from rater.wire.deck_heading import read_heading
from rater.wire.deck_records import pack_deck, pack_retirement
from tests.reconcile.honest_worker import START_MS, HonestWorker
from tests.reconcile.tampering import Topics, differences
from topics.catalog import RATE_DECKS

HOUR_MS = 3_600_000


def one_call() -> Topics:
    """Return the topics of one call that was charged."""
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.call("acme", "c1")
    worker.work()
    return dict(worker.topics)


def with_records(
    topics: Topics, records: list[tuple[bytes, bytes]], told_ms: int = START_MS
) -> Topics:
    """Return the topics with records more on that of the decks."""
    known = topics[RATE_DECKS.name]
    more = [
        (0, Record(100 + number, told_ms, key, value))
        for number, (key, value) in enumerate(records)
    ]
    return {**topics, RATE_DECKS.name: [*known, *more]}


def retired(since_ms: int, version: int = 2) -> list[tuple[bytes, bytes]]:
    return pack_retirement(Retirement("acs", version, since_ms, None))


def version_in(currency: str) -> list[tuple[bytes, bytes]]:
    heading = read_heading("acs", 2, (currency, "2090-01-01T00:00:00Z", "UTC", "split"))
    assert isinstance(heading, Heading)
    return pack_deck(heading, Sheet(["prefix", "rate"], [2], [["33", "1"]]))


@pytest.mark.parametrize(
    ("since_ms", "told_ms", "faults"),
    [
        (START_MS - HOUR_MS, START_MS - 2 * HOUR_MS, 1),
        # Told after the call was charged, or hardly before: nobody can say which was first.
        (START_MS - HOUR_MS, START_MS, 0),
        (START_MS - HOUR_MS, START_MS - HOUR_MS // 2, 0),
        # In force after the answer.
        (START_MS, START_MS - 2 * HOUR_MS, 0),
        # Before the version that priced the call.
        (1_000_000_000_000, START_MS - 2 * HOUR_MS, 0),
    ],
)
def test_a_charge_by_a_deck_that_was_retired_is_a_difference(
    since_ms: int, told_ms: int, faults: int
) -> None:
    found = differences(with_records(one_call(), retired(since_ms), told_ms))

    assert [one.field for one in found] == ["deck_version"] * faults


def test_a_version_in_another_currency_is_a_difference() -> None:
    assert differences(with_records(one_call(), version_in("USD"))) == []
    found = differences(with_records(one_call(), version_in("EUR")))

    assert [(one.topic, one.field) for one in found] == [(RATE_DECKS.name, "currency")]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda fields: fields | {"version": 3},
        lambda fields: fields | {"retired_from": "2027-01-01"},
        lambda fields: {"deck_id": "acs"},
    ],
)
def test_a_retirement_that_cannot_be_read_is_a_difference(
    spoil: Callable[[dict[str, object]], dict[str, object]],
) -> None:
    ((key, value),) = retired(START_MS)
    bad = json.dumps(spoil(json.loads(value))).encode()

    found = differences(with_records(one_call(), [(key, bad)]))

    assert [one.topic for one in found] == [RATE_DECKS.name]
