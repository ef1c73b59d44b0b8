"""Durations: how long the calls of a plan last."""

from random import Random

from loadtest.plan import PERCENT, Plan

_COUNT = 16_384


def durations(plan: Plan) -> list[int]:
    """Draw the durations that calls pick from: a mass of short ones, the others lognormal."""
    random = Random(f"durations {plan.seed}")
    drawn_s = []
    for _ in range(_COUNT):
        if random.random() * PERCENT < plan.short_calls_pct:
            drawn_s.append(random.randint(1, 10))
            continue
        drawn = plan.duration_median_s * random.lognormvariate(0.0, plan.duration_sigma)
        drawn_s.append(min(max(int(drawn), 1), plan.duration_max_s))
    return drawn_s
