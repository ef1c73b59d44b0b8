"""What the reconciler says of decks: retired ones, and versions in another currency."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from rater.core.pricing.decks import Heading, Retirement
from rater.reconcile.reading.log import Record
from rater.wire.pricing.deck_csv import Sheet
from rater.wire.pricing.deck_heading import read_heading
from rater.wire.pricing.deck_records import pack_deck, pack_retirement
from tests.reconcile.honest_worker import START_MS, HonestWorker
from tests.reconcile.tampering import Topics, altered, differences, place_of, replaced
from topics.catalog import ACCOUNTS_CHANGELOG, LEDGER, RATE_DECKS

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


def standing() -> Topics:
    """Return the topics of an account that gets other decks, is closed and is reopened."""
    worker = HonestWorker()
    worker.command("acme", "open_account", currency="USD", decks=["acs"])
    worker.fund("acme", "A", 9_000_000)
    worker.work()
    for kind, fields in (
        ("set_decks", {"decks": ["acs", "none"], "reason": "soon"}),
        ("close_account", {}),
        ("reopen_account", {"reason": "paid"}),
    ):
        worker.now_ms += HOUR_MS
        worker.command("acme", kind, **fields)
        worker.call("acme", f"before-{kind}")
        worker.call("acme", f"after-{kind}", ended_ms=worker.now_ms + 70_000)
        worker.work()
    worker.now_ms += HOUR_MS
    worker.call("acme", "late", ended_ms=START_MS + 2 * HOUR_MS + 100_000)
    worker.call("acme", "later", ended_ms=START_MS + 60_000)
    worker.work()
    return dict(worker.topics)


def test_an_account_whose_standing_changes_is_clean() -> None:
    topics = standing()
    kinds = [json.loads(record.value or b"")["kind"] for _, record in topics[LEDGER.name]]

    assert differences(topics) == []
    assert kinds.count("deck_warning") == 2
    assert kinds.count("charge") == 5


@pytest.mark.parametrize(
    ("which", "lie", "field"),
    [
        ({"kind": "decks_set"}, {"decks": ["acs"]}, "decks"),
        ({"kind": "decks_set"}, {"decks": ["acs", "none", "lost"]}, "deck_warning"),
        ({"kind": "decks_set"}, {"reason": "never"}, "reason"),
        ({"kind": "account_reopened"}, {"closed_ms": 1}, "closed_ms"),
        ({"kind": "account_reopened"}, {"reason": None}, "reason"),
        (
            {"kind": "deck_warning"},
            {"decks": [{"deck_id": "z", "problem": "unpublished"}]},
            "decks",
        ),
        (
            {"kind": "deck_warning"},
            {"decks": [{"deck_id": "none", "problem": "retired"}]},
            "problem",
        ),
        ({"kind": "deck_warning"}, {"command_id": "z"}, "command_id"),
        (
            {"kind": "charge", "cdr_id": "later"},
            {"call.answered_ms": START_MS + 2 * HOUR_MS},
            "answered_ms",
        ),
        ({"kind": "charge", "cdr_id": "later"}, {"deck_id": "none"}, "deck_id"),
    ],
)
def test_a_lie_about_the_standing_is_named(
    which: dict[str, Any], lie: dict[str, Any], field: str
) -> None:
    topics = standing()
    index = place_of(topics, LEDGER.name, lambda value: which.items() <= value.items())

    found = differences(altered(topics, LEDGER.name, index, lie))

    assert field in {one.field for one in found}, found


def test_a_warning_that_is_gone_is_named() -> None:
    topics = standing()
    index = place_of(topics, LEDGER.name, lambda value: value["kind"] == "deck_warning")

    assert differences(replaced(topics, LEDGER.name, index, []))


def test_every_byte_of_a_stored_past_counts() -> None:
    topics = standing()
    index = len(topics[ACCOUNTS_CHANGELOG.name]) - 1
    value = topics[ACCOUNTS_CHANGELOG.name][index][1].value or b""

    unnoticed = [
        at
        for at in range(len(value) - 60, len(value))
        if not differences(
            altered(
                topics,
                ACCOUNTS_CHANGELOG.name,
                index,
                value[:at] + bytes((value[at] ^ 1,)) + value[at + 1 :],
            )
        )
    ]

    assert unnoticed == []
