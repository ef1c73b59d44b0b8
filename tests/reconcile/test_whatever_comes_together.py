"""Whatever comes together: one history of everything is right by the reconciler, by books of our own, and by its cuts.

A few histories here, more in those marked slow; RATER_EXAMPLES=2000 takes so many.
"""

import json
import os
from collections import Counter
from functools import cache
from random import Random

import pytest

from rater.batch.charging.users import UsersShard
from rater.shell.admin.validation import RecordCheck
from tests.build import Partition, Sent, Stored
from tests.reconcile.everything import everything
from tests.reconcile.honest_worker import SOURCES, HonestWorker
from tests.reconcile.own_books import Entry, hold
from tests.reconcile.tampering import differences
from tests.strategies import batches
from tests.test_properties import is_a_forgotten_repeat
from topics import catalog

SEEDS = range(27)
MANY = range(1_000, 1_000 + int(os.environ.get("RATER_EXAMPLES") or 300))
WRITTEN = (
    *(catalog.LEDGER, catalog.BALANCE_EVENTS, catalog.ACCOUNT_STATUS, catalog.USER_STATUS),
    *(catalog.SUSPENSE, catalog.DEAD, catalog.SUSPENSE_CHANGELOG),
    *(catalog.LOTS_CHANGELOG, catalog.ACCOUNT_TIMERS),
)
CHECKS = {topic.name: RecordCheck(topic) for topic in WRITTEN}
PLACES = ("source_offset", "cdr_offset", "command_offset", "request_offset")


@cache
def lived(seed: int) -> HonestWorker:
    return everything(seed)


def values(worker: HonestWorker, name: str) -> list[Entry]:
    heads = [(each.value or b"").partition(b"\n")[0] for _, each in worker.topics[name]]
    return [json.loads(head) for head in heads if head]


def prove_as_told(worker: HonestWorker) -> None:
    """Hold a history against the reconciler, the schemas and our own books."""
    assert differences(dict(worker.topics)) == []
    for name, check in CHECKS.items():
        for value in values(worker, name):
            assert check.problems(value) == [], (name, value)
    told = values(worker, catalog.ACCOUNT_STATUS.name) + values(worker, catalog.USER_STATUS.name)
    catalogs = values(worker, catalog.RATE_PLANS.name)
    hold(catalogs, values(worker, catalog.LEDGER.name), told)


def records_of(worker: HonestWorker) -> list[Sent]:
    """Return all that was sent to a worker, in the order of its times."""
    sent = [
        (record.at_ms, topic, record.offset, Sent(topic, record.key, record.value, record.at_ms))
        for topic in SOURCES
        for _, record in worker.topics[topic]
    ]
    order = {topic: number for number, topic in enumerate(SOURCES)}
    return [each[-1] for each in sorted(sent, key=lambda e: (e[0], order[e[1]], e[2]))]


def state_of(partition: Partition) -> tuple[object, ...]:
    shard = partition.shard
    tables = (shard.accounts, shard.users, shard.suspense)
    return (*partition.outputs(), partition.outcomes, *[dict(each.items()) for each in tables])


def prove_by_cuts(worker: HonestWorker, seed: int) -> None:
    """Take a history record by record, in batches of several sizes, and with what is kept read anew each time."""
    rules, records, chance = worker.rules, records_of(worker), Random(seed)
    whole = Partition(rules).take_each(records)
    for sizes in ([3], [1_000], [chance.randint(1, 12) for _ in range(5)]):
        cut = Partition(rules)
        for batch in batches(records, sizes, across_days=bool(seed % 2)):
            cut.take(*batch)
        assert state_of(cut) == state_of(whole)
    again = Partition(rules)
    for record in records:
        again.take(record)
        _read_anew(again)
    assert state_of(again) == state_of(whole)
    before, rows = _decided(whole), dict(whole.shard.users.items())
    refused = {e["command_id"] for e in whole.entries() if e["kind"] == "command_rejected"}
    for topic, stored in whole.log[-25:]:
        if not is_a_forgotten_repeat(whole, topic, stored) and not _asks(stored, refused):
            whole.redeliver(topic, [stored])
    assert _decided(whole) == before
    assert dict(whole.shard.users.items()) == rows


def _asks(stored: Stored, command_ids: set[str]) -> bool:
    """Tell whether a record is one of some commands: what was refused is decided anew, and may pass by now."""
    text = stored.value or b""
    return any(json.dumps(each).encode() in text for each in command_ids)


def _read_anew(partition: Partition) -> None:
    """Forget what is remembered of accounts, users and open calls, and read it back from its bytes."""
    shard = partition.shard
    accounts, suspense = list(shard.accounts.items()), list(shard.suspense.items())
    shard.accounts, shard.suspense = type(shard.accounts)(), type(shard.suspense)()
    shard.accounts.load(accounts)
    shard.suspense.load(suspense)
    shard.users = UsersShard()
    shard.users.load(list(partition.users_changelog.items()))


def _decided(partition: Partition) -> list[Entry]:
    """Return the entries but for refusals: what is delivered again is refused again."""
    return [each for each in partition.entries() if each["kind"] != "command_rejected"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_history_of_everything_adds_up(seed: int) -> None:
    prove_as_told(lived(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_history_of_everything_is_the_same_wherever_it_is_cut(seed: int) -> None:
    prove_by_cuts(lived(seed), seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_many_histories_of_everything(seed: int) -> None:
    worker = everything(seed)
    prove_as_told(worker)
    prove_by_cuts(worker, seed)


def test_such_histories_have_everything_in_them() -> None:
    """Method: what this proves is worth as much as what happens in it."""
    found: Counter[str] = Counter()
    for seed in SEEDS:
        for entry in values(lived(seed), catalog.LEDGER.name):
            found[entry["kind"]] += 1
            found[entry.get("reason") or ""] += 1
            kinds = {line["kind"] for line in entry.get("lines", [])}
            found += Counter(f"line {kind}" for kind in kinds)
            found["pools and money"] += kinds >= {"pool", "usage"}
            found["another deck"] += (entry.get("deck_version") or 0) > 1
            for draw in [*entry.get("draws", []), *entry.get("returns", [])]:
                where = "returned " if entry["kind"] == "charge_reversed" else ""
                found[where + draw.get("source", "lot")] += 1
                found["own pool"] += "/user=" in (draw.get("id") or "")
                found[where + draw.get("category", "paid")] += 1
                times = draw.get("expires_ms") is not None
                found["opened again"] += times and bool(where) and "category" in draw
        for value in values(lived(seed), catalog.SUSPENSE.name):
            found[value["reason"]] += 1
        for event in values(lived(seed), catalog.BALANCE_EVENTS.name):
            found[event["kind"]] += 1

    rare = {name: found[name] for name in ASKED if not found[name]}
    assert rare == {}


ASKED = (
    *("pool", "own pool", "post_paid", "waived", "shortfall", "lot", "returned pool"),
    *("returned lot", "charge_reversed", "billing_state_changed", "credits_opened"),
    *("account_reopened", "lot_expired", "lot_forfeited", "balance_carried_forward", "freecall"),
    *("spend_limit_tripped", "no_user_capability", "no_tenant_capability", "account_closed"),
    *("pool_used", "credit_limit_reached", "no_rate", "promotional", "returned promotional"),
    *("opened again", "not_refundable", "payment_reversed", "grace", "free_rate", "another deck"),
    *("line connection_fee", "line regulatory_fee", "line surcharge", "line min_charge"),
    *("line pool_usage", "line pool_fee", "pools and money"),
)
