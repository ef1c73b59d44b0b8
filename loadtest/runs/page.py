"""Page: a run in one file of HTML that needs nothing beside it; others stand beside the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2

from loadtest.money import micros_text
from loadtest.observe.drawn.numbers import shown
from loadtest.percentiles import percentile
from loadtest.runs.charts import Chart, by_percentile, over_time

if TYPE_CHECKING:
    from loadtest.clocks import Timing
    from loadtest.monitor import Sample
    from loadtest.observe.drawn.series import Points
    from loadtest.runs.record import Latency, Run

_TEMPLATE = Path(__file__).with_name("page.html.jinja")
_CLOCKS = {
    "acknowledged by the broker": "produced_s",
    "threshold event": "event_s",
    "payment command": "command_s",
}
"""The clocks of a probe: each from when its call was due."""
_PERCENTILES = (50.0, 90.0, 99.0, 99.9)
_ENOUGH = 10
"""Values beyond a percentile that make it worth saying."""


def page(runs: Sequence[Run]) -> str:
    """Return the page of one run or more; the first is shown in full."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    run = runs[0]
    return template.render(
        run=run,
        runs=runs,
        error=micros_text(run.money.error_micros),
        headline=[(name, [of(each) for each in runs]) for name, of in _HEADLINE.items()],
        charging=_use(run.charging.samples) if run.charging.samples else [],
        clocks=[] if run.latency is None else _clocks(run.latency),
        latency=[] if run.latency is None else _latency(run.latency),
        differing=_differing(runs),
    )


def _use(samples: Sequence[Sample]) -> list[Chart]:
    """Draw what was charged, how much was not yet, and what it took of the machine."""
    rates: Points = [
        (now.at_s, (now.charged - before.charged) / (now.at_s - before.at_s))
        for before, now in pairwise(samples)
    ]
    names = list(samples[0].cores)
    cores = {name: [(each.at_s, each.cores[name]) for each in samples] for name in names}
    memory = {
        name: [(each.at_s, float(each.rss_bytes[name])) for each in samples] for name in names
    }
    lag: Points = [(each.at_s, float(each.lag)) for each in samples]
    return [
        over_time("CDRs charged a second", {"charged": rates}, "cps"),
        over_time("CDRs not charged yet", {"lag": lag}, "short"),
        over_time("Cores used", cores, "short"),
        over_time("Memory held", memory, "bytes"),
    ]


def _latency(latency: Latency) -> list[Chart]:
    timings = sorted(latency.timings, key=lambda each: each.due_s)
    found = {
        name: [
            (latency.measured_from_s + each.due_s, value)
            for each in timings
            if (value := getattr(each, field)) is not None
        ]
        for name, field in _CLOCKS.items()
    }
    measured = {name: _measured(timings, field) for name, field in _CLOCKS.items()}
    return [
        over_time("From when a call was due, each probe, warm-up too", found, "s"),
        by_percentile("The same by percentile, warm-up left out", measured),
        *(_use(latency.samples) if latency.samples else []),
    ]


def _measured(timings: Sequence[Timing], field: str) -> list[float]:
    values = [getattr(each, field) for each in timings if each.due_s >= 0]
    return [value for value in values if value is not None]


def _clocks(latency: Latency) -> list[tuple[str, int, list[str]]]:
    """Return each clock with how many values it has, and its percentiles; a rare one of few values is not said."""
    found = []
    for name, field in _CLOCKS.items():
        ordered = sorted(_measured(latency.timings, field))
        shares = [
            shown(percentile(ordered, share), "s")
            if len(ordered) * (100 - share) / 100 >= _ENOUGH
            else f"of fewer than {_ENOUGH} values"
            for share in _PERCENTILES
        ]
        found.append((name, len(ordered), [*shares, shown(ordered[-1], "s") if ordered else "-"]))
    return found


def _of_latency(name: str, share: str) -> Callable[[Run], str]:
    def found(run: Run) -> str:
        return "-" if run.latency is None else f"{run.latency.results[name][share]:g} ms"

    return found


def _offered(run: Run) -> str:
    return "-" if run.latency is None else f"{run.latency.results['offered_per_s']:,}"


_HEADLINE: dict[str, Callable[[Run], str]] = {
    "CDRs charged a second, one worker": lambda run: f"{run.charging.cdrs_per_s:,.0f}",
    "CPU of the worker, a CDR": lambda run: f"{run.charging.cpu_us_per_cdr:.1f} µs",
    "CPU of the broker, a CDR": lambda run: f"{run.charging.broker_cpu_us_per_cdr:.1f} µs",
    "money error": lambda run: micros_text(run.money.error_micros),
    "reconciler": lambda run: "clean" if run.money.is_reconciled else "differences",
    "offered a second for latency": _offered,
    "call due to payment command, p50": _of_latency("payment_command_ms", "p50"),
    "call due to payment command, p99": _of_latency("payment_command_ms", "p99"),
    "call due to threshold event, p99": _of_latency("threshold_event_ms", "p99"),
    "commit": lambda run: run.circumstances.commit or "not known",
    "began": lambda run: run.circumstances.began_at,
}


def _differing(runs: Sequence[Run]) -> list[tuple[str, list[Any]]]:
    """Return the knobs, and what else of the circumstances, in which runs are not alike."""
    told = [
        {**each.load, **each.circumstances.machine, **each.circumstances.versions} for each in runs
    ]
    names = sorted({name for each in told for name in each} - {"start_ms"})
    rows = [(name, [each.get(name, "-") for each in told]) for name in names]
    return [(name, values) for name, values in rows if any(value != values[0] for value in values)]
