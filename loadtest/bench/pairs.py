"""Pairs: two things measured by turns, each first as often as the other, and what their ratios say."""

from collections.abc import Callable
from dataclasses import asdict

from loadtest.bench.modules import Results
from loadtest.bench.ratios import ratio
from loadtest.progress import say

Run = Callable[[], Results]

CORE = ("core_us_per_cdr",)
WORKER = ("worker_cdrs_per_s", "worker_cpu_us_per_cdr")


def by_turns(pairs: int, this: Run, that: Run, names: tuple[str, ...]) -> Results:
    """Run both so many times; return the ratio of each figure, this to that."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for number in range(pairs):
        if number % 2 == 0:
            ours, theirs = this(), that()
        else:
            theirs, ours = that(), this()
        for name in names:
            found[name].append((ours[name], theirs[name]))
            each = f"{ours[name]:>10,} {theirs[name]:>10,} {ours[name] / theirs[name]:8.3f}"
            say(f"   pair {number + 1} {name:<24} {each}")
    rounded = {name: asdict(ratio(values)) for name, values in found.items()}
    return {name: {k: round(v, 3) for k, v in each.items()} for name, each in rounded.items()}


def tell(ratios: Results) -> None:
    """Say the ratios."""
    for name, found in ratios.items():
        say(f"   {name:<24} {found['median']}, 95 % interval {found['low']} to {found['high']}")
