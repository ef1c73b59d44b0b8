"""Calls that are told wrong at first: what is sent of them, and what must come out, held against the core."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from loadtest.accounts import Record
from loadtest.generate import Workload
from loadtest.plan import Plan
from loadtest.stage import SAMPLE_DECK
from rater.batch.charging.batch import decide
from tests.bench_core import CoreRun
from topics.catalog import CDR_RAW, LEDGER

PLAN = Plan(start_ms=1_790_000_000_000, tenants=30, cdrs=12_000, corrections=20.0)
PARTITIONS = 4
AT_ONCE = 200
"""Records of a batch: with fewer corrections than are fetched at once."""


class Corrected(CoreRun):
    """The core, which finds originals on what it has written."""

    def charge(self, cdrs: Iterable[Record]) -> int:
        """Charge CDRs in small batches; return how many."""
        count = 0
        written: dict[int, dict[int, bytes]] = defaultdict(dict)
        for partition, records in self._batches(CDR_RAW.name, cdrs):
            for first in range(0, len(records), AT_ONCE):
                some, shard = records[first : first + AT_ONCE], self.shards[partition]
                topic, all_of_them, known = CDR_RAW.name, len(self.shards), written[partition]
                decision = decide(shard, topic, some, self.rules, all_of_them, known)
                outputs, place = decision.outputs(), self._ends[LEDGER.name, partition]
                entries = [value or b"" for _, value in dict(outputs)[LEDGER.name]]
                known.update(enumerate(entries, place))
                self._keep(outputs)
                self._write(shard, decision, some)
                self.outcomes.update(decision.outcomes)
                count += len(some)
        return count


def calls_of(workload: Workload) -> dict[str, list[dict[str, Any]]]:
    """Return what is sent of each call, in order; what cannot be read is left out."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    assert list(workload.commands())
    for _, _, value in workload.cdrs():
        try:
            cdr = json.loads(value or b"")
            found[cdr["cdr_id"]].append(cdr)
        except (ValueError, KeyError, TypeError):
            continue
    return found


def test_calls_are_corrected_voided_and_corrected_before_they_come() -> None:
    told = calls_of(Workload(PLAN, SAMPLE_DECK, PARTITIONS))
    orders = {
        tuple((each["version"], each["kind"]) for each in cdrs)
        for cdrs in told.values()
        if len(cdrs) == 2 and any(each["version"] == 2 for each in cdrs)
    }

    assert orders == {
        ((1, "final"), (2, "correction")),
        ((1, "final"), (2, "void")),
        ((2, "correction"), (1, "final")),
    }


def test_about_so_many_records_are_of_such_calls() -> None:
    told = calls_of(Workload(PLAN, SAMPLE_DECK, PARTITIONS))
    count = sum(len(c) for c in told.values() if any(each["version"] == 2 for each in c))

    assert 0.6 * 0.2 * PLAN.cdrs < count < 1.2 * 0.2 * PLAN.cdrs


PEOPLE: dict[str, Any] = {"plans": "drawn", "users": 2, "post_paid": 20.0}


@pytest.mark.parametrize("contracts", [{}, PEOPLE])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_expected_comes_out_of_the_core(seed: int, contracts: dict[str, Any]) -> None:
    workload = Workload(replace(PLAN, seed=seed, **contracts), SAMPLE_DECK, PARTITIONS)
    run = Corrected(workload.plan, PARTITIONS)
    run.open_accounts(list(workload.commands()))
    run.charge(list(workload.cdrs()))

    assert run.problems(workload.expected) == []
    assert {"superseded", "voided"} <= workload.expected.outcomes.keys()


def test_with_changes_it_is_refused() -> None:
    with pytest.raises(ValueError, match="corrections"):
        replace(PLAN, changes=1)
