"""With plans and without: pairs of runs of this working tree by turns, on the same calls."""

from dataclasses import replace
from functools import partial

from loadtest.bench.modules import Results, results_of
from loadtest.bench.pairs import CORE, WORKER, by_turns, tell
from loadtest.bench.setting import circumstances
from loadtest.plan import Plan
from loadtest.progress import say

_CORE = (*CORE, "core_p20_us_per_cdr")
"""The 20th percentile of batches, too: both sides have it here."""


def measure(plan: Plan, pairs: int, *, core_only: bool) -> Results:
    """Run the pairs; return each figure's ratio, with the plan's plans to without."""
    these, those = words(plan), words(replace(plan, plans="none"))
    say(f"plans {plan.plans} against none")
    say(f"1. the core, {pairs} pairs: with, without, ratio")
    core = partial(results_of, "tests.bench_core")
    ratios = by_turns(pairs, partial(core, *these), partial(core, *those), _CORE)
    if not core_only:
        say(f"2. one worker on real Kafka, {pairs} pairs: with, without, ratio")
        worker = partial(results_of, "loadtest.bench", "--worker-only")
        ratios |= by_turns(pairs, partial(worker, *these), partial(worker, *those), WORKER)
    say(f"ratios, plans {plan.plans} to none")
    tell(ratios)
    return {"pairs": pairs, "ratios": ratios, **circumstances(plan)}


def words(plan: Plan) -> tuple[str, ...]:
    """Return the options that make a benchmark run a plan's calls."""
    size = ("--cdrs", plan.cdrs, "--tenants", plan.tenants, "--seed", plan.seed)
    people = ("--users", plan.users, "--post-paid", plan.post_paid)
    told = ("--corrections", str(plan.corrections)) if plan.corrections else ()
    return (*map(str, size), "--plans", plan.plans, *map(str, people), *told)
