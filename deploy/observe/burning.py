"""Burning: that an error budget is used up too fast, at four paces for each objective."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from deploy.observe.alert import Alert, Case
from deploy.observe.slo import PACES, SLOS, Pace, Slo, recorded


class _Course(NamedTuple):
    """How a case goes, in minutes: half an hour without errors, then so many times the pace, then none again."""

    times: float
    silent: int
    fires: int
    stops: int
    over: int = 0


_QUIET: Final = 30
_COURSES: Final = {
    "1h": _Course(3, 40, 48, 55),
    "6h": _Course(1.9, 75, 82, 90),
    "1d": _Course(1.9, 110, 130, 140),
    "3d": _Course(1.9, 200, 250, 255, over=480),
}
"""By the long window. Each is such that no other pace of the objective fires beside it."""
_A_MINUTE: Final = 100_000
"""Requests, in a case."""


def _alert(slo: Slo, pace: Pace) -> Alert:
    bound = f"({pace.factor:g} * {slo.budget:g})"
    long, short = (f'{recorded(w)}{{slo="{slo.name}"}}' for w in (pace.long, pace.short))
    return Alert(
        name=slo.alert,
        expr=f"{long} > {bound}\nand\n{short} > {bound}",
        for_=pace.for_,
        severity=pace.severity,
        labels={"window": pace.long},
        summary=f"The error budget of {slo.name} is used up {pace.factor:g} times too fast.",
        description=(
            f"{{{{ $value | humanizePercentage }}}} errors within {pace.long}, and they go on ({pace.short}); "
            f"the objective leaves {100 * slo.budget:g}%. Promised: {slo.promise}."
        ),
        case=_case(slo, pace),
    )


def _case(slo: Slo, pace: Pace) -> Case:
    course = _COURSES[pace.long]
    bad = round(_A_MINUTE * slo.budget * pace.factor * course.times)
    # Hours of quiet take seconds to try: once is enough.
    over = course.over if slo is SLOS[0] else 0
    phases = [_QUIET, course.stops - _QUIET, max(over - course.stops, 0)]
    wrong = _counted(zip(phases, (0, bad, 0), strict=True))
    right = _counted(zip(phases, (_A_MINUTE, _A_MINUTE - bad, _A_MINUTE), strict=True))
    every = _counted([(sum(phases), _A_MINUTE)])
    found = bad * (course.fires - _QUIET) / (_A_MINUTE * course.fires)
    return Case(
        series=dict(zip(slo.tried, (wrong, right) if slo.errors else (right, every), strict=True)),
        silent=f"{course.silent}m",
        fires=f"{course.fires}m",
        over=f"{course.over}m" if over else "",
        labels={"slo": slo.name},
        value=f"{100 * found:.4g}%",
    )


def _counted(phases: Iterable[tuple[int, int]]) -> str:
    """Return a counter that rises so much a minute for so many minutes, phase by phase, in promtool's notation."""
    value, parts = 0, ["0"]
    for minutes, rate in phases:
        if minutes:
            parts.append(f"{value + rate}+{rate}x{minutes - 1}")
            value += rate * minutes
    return " ".join(parts)


ALERTS: Final = tuple(_alert(slo, pace) for slo in SLOS for pace in PACES)
