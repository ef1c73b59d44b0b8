"""Moment: an option's value that is a time, or how long ago."""

import re
from contextlib import suppress
from datetime import UTC, datetime

import click

from rater.core.limits import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from rater.core.times import is_plausible, to_millis
from rater.shell.process.clock import now_ms

_AGO = re.compile(r"([0-9]{1,6})(s|m|h|d)")
_UNIT_MS = {"s": SECOND_MS, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}


class Moment(click.ParamType):
    """A time, or how long ago: milliseconds since 1970."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return milliseconds since 1970."""
        text = str(value)
        if ago := _AGO.fullmatch(text):
            return max(now_ms() - int(ago[1]) * _UNIT_MS[ago[2]], 0)
        with suppress(ValueError):
            at = datetime.fromisoformat(text)
            at_ms = to_millis(at if at.tzinfo else at.replace(tzinfo=UTC))
            if is_plausible(at_ms):
                return at_ms
        message = (
            "must be a time such as 2026-03-01T10:00:00Z, of the years 2000 to 2100, or how long ago, such as 15m, 2h "
            f"or 3d, found {text[:80]!r}"
        )
        raise click.BadParameter(message, ctx, param)
