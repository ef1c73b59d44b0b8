"""Whatever clocks show: tenants move from month to month, and calls come and are corrected where their months turn."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from tests.reconcile.everything import MOVES, everything
from tests.reconcile.honest_worker import HonestWorker
from tests.reconcile.own_books import Entry
from tests.reconcile.test_whatever_comes_together import (
    MANY,
    prove_as_told,
    prove_by_cuts,
    values,
)
from topics import catalog

SEEDS = range(36)


@cache
def lived(seed: int) -> HonestWorker:
    return everything(seed, 100, MOVES)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_history_of_moves_adds_up(seed: int) -> None:
    prove_as_told(lived(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_history_of_moves_is_the_same_wherever_it_is_cut(seed: int) -> None:
    prove_by_cuts(lived(seed), seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_many_histories_of_moves(seed: int) -> None:
    worker = everything(seed, 100, MOVES)
    prove_as_told(worker)
    prove_by_cuts(worker, seed)


def _shown(at_ms: int, zone: str) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1_000, ZoneInfo(zone)):%Y-%m}"


def _met(entries: list[Entry]) -> Iterator[str]:
    """Yield what of clocks happens in a history."""
    turns: dict[str, list[Entry]] = {}
    charges: dict[str, str] = {}
    for entry in entries:
        mine = turns.setdefault(entry["tenant_id"], [])
        match entry["kind"]:
            case "time_zone_set":
                from_ms = entry["valid_from_ms"]
                yield "replaced" if mine and mine[-1]["valid_from_ms"] == from_ms else "set"
                mine[:] = [each for each in mine if each["valid_from_ms"] < from_ms] + [entry]
            case "charge":
                call = entry["call"]
                at_ms = call.get("started_ms") or call["answered_ms"]
                begun = [each for each in mine if each["valid_from_ms"] <= at_ms]
                if not begun:
                    continue
                shown = _shown(at_ms, begun[-1]["time_zone"])
                before = _shown(at_ms, begun[-1]["previous_time_zone"])
                what = "old" if shown < begun[-1]["month"] else "other" if shown != before else ""
                charges[entry["entry_id"]] = what
                yield what
                if begun[-1] is not mine[-1]:
                    yield "late"
            case "charge_reversed":
                yield f"back {charges.get(entry['reverses'], '')}"
            case _:
                pass


def test_such_histories_have_calls_where_clocks_differ() -> None:
    """Method: what this proves is worth as much as what happens in it."""
    met = Counter(what for seed in SEEDS for what in _met(values(lived(seed), catalog.LEDGER.name)))

    asked = ("set", "replaced", "old", "other", "back old", "late")
    assert min(met[each] for each in asked) > 2, met
