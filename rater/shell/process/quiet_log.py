"""Quiet log: what the Kafka client says again and again is said once in ten seconds, with how often it was said.

And what ends a worker is said once: Faust writes its own traceback of each service that the error passes.
"""

import logging
from math import inf
from time import monotonic
from typing import Final

EVERY_S: Final = 10.0
LOGGERS: Final = ("aiokafka",)
KINDS_MAX: Final = 1_000
"""Of lines that are told apart; they are formats of the client's own, and no more than these in any case."""


class SaidBefore(logging.Filter):
    """Passes the first line of its kind in a while; put it on a handler."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        super().__init__()
        self._every_s = every_s
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether to pass a line; one that comes after others were held back tells how many."""
        if record.name.partition(".")[0] not in LOGGERS:
            return True
        kind, now = (record.name, str(record.msg)), monotonic()
        at, held = self._said.get(kind, (-inf, 0))
        if now - at < self._every_s:
            self._said[kind] = at, held + 1
            return False
        if len(self._said) >= KINDS_MAX:
            self._said.clear()
        self._said[kind] = now, 0
        if held:
            record.msg, record.args = f"{record.getMessage()} (and {held} times more)", None
        return True


_CRASHED: Final = "Crashed reason="


def crash_told_by_us(record: logging.LogRecord) -> bool:
    """Hold back Faust's word of a crash: the runner sees it, and says what failed, with the traceback, once."""
    return record.name.partition(".")[0] not in ("faust", "mode") or _CRASHED not in str(record.msg)
