"""Numbers: values as people read them, by Grafana's names of units; and round steps for an axis."""

import math
from typing import Final

_SUFFIX = "suffix:"
_THOUSANDS: Final = ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k"))
_BYTES: Final = ((2**40, " TiB"), (2**30, " GiB"), (2**20, " MiB"), (2**10, " KiB"))
_SECONDS: Final = (
    (31_536_000, " years"), (86_400, " days"), (3_600, " h"), (60, " min"), (1, " s"), (1e-3, " ms"),
)  # fmt: skip
_CLOCK: Final = (
    60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200,
    *(days * 86_400 for days in (1, 2, 5, 7, 14, 30, 60, 120)), 31_536_000,
)  # fmt: skip
"""Steps of longer times, in seconds."""
_WHOLE_MINUTES: Final = 30
"""Steps of more seconds than that are of the clock."""
_BEHIND: Final = {"reqps": " req/s", "cps": " /s"}


def shown(value: float, unit: str) -> str:
    """Return a value with its unit."""
    if math.isnan(value):
        return "-"
    if unit == "s":
        return _scaled(value, _SECONDS, " µs", 1e-6)
    if unit == "bytes":
        return _scaled(value, _BYTES, " B")
    if unit == "percentunit":
        return f"{_plain(100 * value)} %"
    behind = (
        f" {unit.removeprefix(_SUFFIX).strip()}"
        if unit.startswith(_SUFFIX)
        else _BEHIND.get(unit, "")
    )
    return _scaled(value, _THOUSANDS, "") + behind


def _scaled(
    value: float, scales: tuple[tuple[float, str], ...], least: str, factor: float = 1
) -> str:
    if value == 0:
        return "0" + (scales[-2][1] if least == " µs" else least)
    for size, name in scales:
        if abs(value) >= size * 0.9995:
            return _plain(value / size) + name
    return _plain(value / factor) + least


def _plain(value: float) -> str:
    """Return a number with three digits that count."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{min(digits, 6)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def ticks(low: float, high: float, wanted: int = 4, unit: str = "none") -> list[float]:
    """Return round values that cover a range from `low` to `high`, about so many."""
    if high <= low:
        high = low + (abs(low) or 1)
    step = _round_step((high - low) / wanted, unit)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def _round_step(least: float, unit: str) -> float:
    if unit == "s" and least > _WHOLE_MINUTES:
        return next(
            (step for step in _CLOCK if step >= least), math.ceil(least / _CLOCK[-1]) * _CLOCK[-1]
        )
    scale = 1.0
    if unit == "bytes":
        scale = 1024.0 ** math.floor(math.log(least, 1024)) if least >= 1 else 1.0
    power = 10.0 ** math.floor(math.log10(least / scale))
    return next(f * power for f in (1, 2, 5, 10) if f * power * scale >= least * 0.999) * scale
