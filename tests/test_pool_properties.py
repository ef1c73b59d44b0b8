"""Pools, wherever batches are cut, workers are restarted, and whatever is delivered again: nothing is drawn twice.

The histories are those by which core and reconciler are held against each other: drawn plans, licences that change,
calls of two months, corrections and voids.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from random import Random

import pytest

from loadtest import oracle
from loadtest.accounts import Record
from loadtest.generate import Workload
from loadtest.plan import Plan
from rater.batch.charging.users import UsersShard
from rater.core.pricing.rules import Rules
from tests.bench_core import SAMPLE_DECK, CoreRun
from tests.build import Partition, Sent
from tests.reconcile.honest_worker import SOURCES
from tests.reconcile.test_whatever_pools_pay import SEEDS, USERS, told
from tests.strategies import batches

SOME = SEEDS[:25]


@cache
def history(seed: int) -> tuple[Rules, list[Sent]]:
    """Return the rules of a history and its records, in the order of their times."""
    worker = told(seed)
    sent = [
        Sent(topic, record.key, record.value, record.at_ms)
        for topic in SOURCES
        for _, record in worker.topics[topic]
    ]
    return worker.rules, sorted(sent, key=lambda each: each.at_ms)


@cache
def one_by_one(seed: int) -> Partition:
    rules, records = history(seed)
    return Partition(rules).take_each(records)


def pools_of(partition: Partition) -> dict[str, int]:
    """Return what is used of the account's pools, and of each user's own."""
    contract = partition.account().contract
    used_s = {} if contract is None else dict(contract.used_s)
    for user in USERS:
        row = partition.shard.users.user("acme", user)
        used_s |= {} if row is None else row.used_s
    return used_s


def drawn(partition: Partition) -> dict[str, int]:
    """Add up what charges have drawn on each pool, less what came back."""
    found: dict[str, int] = {}
    for name, seconds in _moves(partition):
        found[name] = found.get(name, 0) + seconds
        assert found[name] >= 0, name
    return found


def _moves(partition: Partition) -> Iterator[tuple[str, int]]:
    for entry in map(json.loads, partition.ledger):
        for field, sign in (("draws", 1), ("returns", -1)):
            for each in entry.get(field, []):
                if each.get("source") == "pool":
                    yield each["id"], sign * each["quantity"]


@pytest.mark.parametrize("seed", SOME)
def test_the_seconds_used_of_a_pool_are_those_that_entries_say(seed: int) -> None:
    partition = one_by_one(seed)

    assert pools_of(partition) == drawn(partition)


@pytest.mark.parametrize("seed", SOME)
def test_where_a_batch_is_cut_changes_no_byte(seed: int) -> None:
    rules, records = history(seed)
    chance = Random(seed)
    sizes = [chance.randint(1, 12) for _ in range(5)]
    partition = Partition(rules)
    for batch in batches(records, sizes, across_days=bool(seed % 2)):
        partition.take(*batch)

    assert partition.outputs() == one_by_one(seed).outputs()
    assert pools_of(partition) == pools_of(one_by_one(seed))


@pytest.mark.parametrize("seed", SOME)
def test_an_account_read_back_from_its_bytes_goes_on_alike(seed: int) -> None:
    rules, records = history(seed)
    partition = Partition(rules)
    for record in records:
        partition.take(record)
        kept = list(partition.shard.accounts.items())
        partition.shard.accounts = type(partition.shard.accounts)()
        partition.shard.accounts.load(kept)
        partition.shard.users = UsersShard()
        partition.shard.users.load(list(partition.users_changelog.items()))

    assert partition.outputs() == one_by_one(seed).outputs()


@pytest.mark.parametrize("seed", SOME)
def test_records_delivered_again_after_a_crash_draw_nothing(seed: int) -> None:
    rules, records = history(seed)
    partition = Partition(rules).take_each(records)
    before = [each for each in partition.ledger if b'"kind":"command_rejected"' not in each]
    state = pools_of(partition)
    for topic, record in partition.log[-20:]:
        partition.redeliver(topic, [record])
    after = [each for each in partition.ledger if b'"kind":"command_rejected"' not in each]

    assert after == before
    assert pools_of(partition) == state


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_where_no_pool_runs_out_the_order_of_calls_changes_nothing_of_who_pays(seed: int) -> None:
    # Half of the tenants have no plans; a day of two months.
    clean = Plan.clean(start_ms=1_780_315_200_000, seed=seed, tenants=6, cdrs=600)
    plan = replace(clean, plans="drawn", holders=3, ended_spread_s=86_400)
    workload = Workload(plan, SAMPLE_DECK, partitions=2)
    for tenant_id, held in list(workload.contracts.holdings.items()):
        plenty = tuple(each._replace(number=each.number * 1_000) for each in held)
        workload.contracts.holdings[tenant_id] = plenty  # type: ignore[index]
    commands, cdrs = list(workload.commands()), list(workload.cdrs())
    in_turn = paid_by(plan, commands, cdrs)
    Random(seed).shuffle(cdrs)

    assert paid_by(plan, commands, cdrs) == in_turn
    used = {name[:7] for seconds, _ in in_turn.values() for name in seconds}
    assert used == {"2026-05", "2026-06"}
    assert all(micros for _, micros in in_turn.values())


def paid_by(
    plan: Plan, commands: list[Record], cdrs: list[Record]
) -> dict[str, tuple[dict[str, int], int]]:
    """Let the core charge; return of each tenant what pools paid, in seconds, and money, in micros."""
    run = CoreRun(plan, partitions=2)
    run.open_accounts(commands)
    run.charge(cdrs)
    folds = oracle.fold(run.ledger())
    return {name: (dict(fold.used_s), fold.charged_micros) for name, fold in folds.items()}
