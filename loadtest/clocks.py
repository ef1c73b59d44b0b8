"""The three clocks of a probe's call, all from when it was due, and what they say of the run."""

from typing import Any

from loadtest.open_loop import Load, Sent
from loadtest.percentiles import summary_ms
from loadtest.rater_command import CommandError
from loadtest.sightings import Sightings

GOAL_P99_MS = 500
PRODUCED_P99_MS_MAX = 100
"""A generator that is later than this measures itself."""


def judge(load: Load, sent: Sent, sightings: Sightings) -> dict[str, Any]:
    """Hold what was sent against what was seen; none came: CommandError.

    Probes of the warm-up are left out. A missing one has no latency; it is counted.
    """
    from_s = sent.began_s + load.warm_up_s
    probes = [probe for probe in sent.probes if probe.due_s >= from_s]
    seen = sightings.commands.keys() & sightings.events.keys()
    came = [probe for probe in probes if probe.tenant_id in seen]
    if not came:
        raise CommandError(f"none of {len(probes)} probes led to a payment command")
    produced = summary_ms([probe.produced_s - probe.due_s for probe in probes])
    event = summary_ms([sightings.events[p.tenant_id] - p.due_s for p in came])
    command = summary_ms([sightings.commands[p.tenant_id] - p.due_s for p in came])
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
