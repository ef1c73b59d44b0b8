"""Runs with plans, users, corrections and voids: what is worked out of every entry is what was booked.

`make explain` has 100,000 CDRs of the load generator, with corrections and voids among them.
"""

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from loadtest.drive import by_topic
from loadtest.generate import Workload
from loadtest.plan import Plan
from rater.batch.simulate import Simulator
from tests.bench_core import SAMPLE_DECK, CoreRun
from tests.reconcile.test_whatever_pools_pay import SEEDS
from tests.test_pool_properties import history
from tests.views.explanation.walk import Heard, Walk
from topics.catalog import CDR_RAW

SOME = SEEDS[:20]
START_MS = 1_795_000_000_000
STEP_MS = 40
FEW, MANY = 1_200, 100_000
CORRECTED, VOIDED = 12, 40
"""Of so many calls one is corrected, and of so many one is voided."""


@pytest.mark.parametrize("seed", SOME)
def test_a_drawn_history_is_explained(seed: int) -> None:
    rules, records = history(seed)
    simulator = Simulator(rules)
    walk = Walk(Heard(simulator))
    for sent in records:
        list(simulator.feed(sent.topic, sent.key, sent.value, sent.at_ms))
    count = 0
    for step in walk.steps():
        count += 1
        told = step.with_events()
        assert not told.differences, (seed, told.differences)

    assert count


def corrected(value: bytes | None, number: int, to: str) -> Iterator[bytes | None]:
    """Yield a call, and what is said of some calls afterwards: it led elsewhere, or there was none."""
    yield value
    if value is None or not value.startswith(b"{") or b'"cdr_id"' not in value:
        return
    try:
        said = json.loads(value)
    except ValueError:
        return
    if number % VOIDED == 0:
        yield json.dumps(said | {"version": 2, "kind": "void"}).encode()
    elif number % CORRECTED == 0:
        yield json.dumps(said | {"version": 2, "kind": "correction", "to": to}).encode()


Fed = tuple[str, int, bytes, bytes | None, int]


def fed(plan: Plan) -> Iterator[Fed]:
    """Yield what a plan's tenants are given and ask for, and their calls, in order, with its time."""
    workload = Workload(plan, SAMPLE_DECK)
    for topic, records in by_topic(workload.commands()).items():
        for record in records:
            yield (topic, *record, START_MS)
    number = 0
    for act in workload.acts():
        at_ms = START_MS + number * STEP_MS
        for topic, records in by_topic(act.changes).items():
            for record in records:
                yield (topic, *record, at_ms)
        for partition, key, value in act.cdrs:
            number += 1
            for each in corrected(value, number, "+33612345678"):
                yield CDR_RAW.name, partition, key, each, START_MS + number * STEP_MS


def run(cdrs: int) -> Counter[str]:
    """Charge the load generator's calls, explain each entry as it comes, and count the kinds."""
    plan = Plan(
        start_ms=START_MS, cdrs=cdrs, tenants=40, plans="drawn", users=3, post_paid=20.0,
        promotional=20.0, late=5.0, changes=4, spend_micros=150_000,
    )  # fmt: skip
    simulator = Simulator(CoreRun(plan, 8).rules)
    walk = Walk(Heard(simulator))
    found: Counter[str] = Counter()
    for topic, partition, key, value, at_ms in fed(plan):
        list(simulator.feed(topic, key, value, at_ms, partition))
        for step in walk.live():
            told = step.with_events()
            assert not told.differences, (topic, value, told.differences)
            found.update(each.entry.kind for each in step.group)
    return found


def test_a_run_of_the_load_generator_is_explained() -> None:
    found = run(FEW)

    assert found["charge"] > FEW * 0.9
    assert found["charge_reversed"] > FEW // 20


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_a_long_run_is_explained() -> None:
    found = run(MANY)
    print(dict(found))

    assert found["charge"] > MANY * 0.9
    assert found["charge_reversed"] > MANY // 20
