"""The three clocks of a probe's call, all from when it was due, and what they say of the run."""

from typing import Any

import msgspec

from loadtest.open_loop import Load, Sent
from loadtest.percentiles import summary_ms
from loadtest.rater_command import CommandError
from loadtest.sightings import Sightings

GOAL_P99_MS = 500
PRODUCED_P99_MS_MAX = 100
"""A generator that is later than this measures itself."""


class Timing(msgspec.Struct, frozen=True):
    """The clocks of a probe's call, seconds since it was due. None: it was not seen."""

    due_s: float
    """After the warm-up; below zero it was in it."""
    produced_s: float
    event_s: float | None = None
    command_s: float | None = None


def timings(load: Load, sent: Sent, sightings: Sightings) -> list[Timing]:
    """Return the clocks of every probe that was sent."""

    def since(seen: dict[str, float], tenant_id: str, due_s: float) -> float | None:
        return round(seen[tenant_id] - due_s, 6) if tenant_id in seen else None

    from_s = sent.began_s + load.warm_up_s
    return [
        Timing(
            round(each.due_s - from_s, 3),
            round(each.produced_s - each.due_s, 6),
            since(sightings.events, each.tenant_id, each.due_s),
            since(sightings.commands, each.tenant_id, each.due_s),
        )
        for each in sent.probes
    ]


def judge(load: Load, sent: Sent, sightings: Sightings) -> dict[str, Any]:
    """Hold what was sent against what was seen; none came: CommandError.

    Probes of the warm-up are left out. A missing one has no latency; it is counted.
    """
    probes = [each for each in timings(load, sent, sightings) if each.due_s >= 0]
    came = [each for each in probes if each.event_s is not None and each.command_s is not None]
    if not came:
        raise CommandError(f"none of {len(probes)} probes led to a payment command")
    produced = summary_ms([each.produced_s for each in probes])
    event = summary_ms([each.event_s or 0.0 for each in came])
    command = summary_ms([each.command_s or 0.0 for each in came])
    valid = produced["p99"] <= PRODUCED_P99_MS_MAX
    late = f"the generator was late: p99 {produced['p99']} ms, at most {PRODUCED_P99_MS_MAX} ms"
    missing = len(probes) - len(came)
    return {
        "valid": valid,
        "why_not": None if valid else late,
        "goal_p99_ms": GOAL_P99_MS,
        "goal_met": valid and not missing and command["p99"] < GOAL_P99_MS,
        "produced_ms": produced,
        "threshold_event_ms": event,
        "payment_command_ms": command,
        "probes": len(probes),
        "missing": missing,
        "offered_per_s": round(load.rate_per_s + load.probes_per_s),
        "achieved_per_s": round(sent.measured / load.seconds),
    }
