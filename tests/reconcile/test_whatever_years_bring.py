"""Whatever years bring: accounts that live longer than what no call asks for any more is kept, and move meanwhile."""

from collections import Counter
from functools import cache

import pytest

from tests.reconcile.everything import YEARS, everything
from tests.reconcile.honest_worker import HonestWorker
from tests.reconcile.test_whatever_comes_together import (
    MANY,
    prove_as_told,
    prove_by_cuts,
    values,
)
from topics import catalog

SEEDS = range(8)


@cache
def lived(seed: int) -> HonestWorker:
    return everything(seed, 100, YEARS)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_history_of_years_adds_up(seed: int) -> None:
    prove_as_told(lived(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_history_of_years_is_the_same_wherever_it_is_cut(seed: int) -> None:
    prove_by_cuts(lived(seed), seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_many_histories_of_years(seed: int) -> None:
    worker = everything(seed, 100, YEARS)
    prove_as_told(worker)
    prove_by_cuts(worker, seed)


def test_in_such_histories_things_are_let_go() -> None:
    """Method: what this proves is worth as much as what happens in it."""
    met: Counter[str] = Counter()
    for seed in SEEDS:
        opened: dict[str, int] = {}
        for entry in values(lived(seed), catalog.LEDGER.name):
            first_ms = opened.setdefault(entry["tenant_id"], entry["at_ms"])
            is_old = entry["at_ms"] - first_ms > 433 * 86_400_000
            met[entry["kind"]] += 1
            met[f"old {entry['kind']}"] += is_old
            met["forgotten"] += entry.get("forgotten") or 0

    asked = (
        *("old charge", "old charge_reversed", "old time_zone_set", "old user_set"),
        *("payment_restored", "forgotten", "old balance_carried_forward"),
    )
    assert min(met[each] for each in asked) > 2, met
