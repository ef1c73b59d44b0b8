"""What of a run of `rater simulate` came to nothing: dead letters, refusals, suspense, told in the end with the first.

On standard output they are lines among thousands. Nothing of it is a fault of the run, whose exit code stays 0: that
such a line comes may be what somebody tries. Commands of timers are nobody's; of these nothing is told.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import orjson

from rater.wire.lines import Line
from topics.catalog import (
    ACCOUNT_TIMERS,
    DEAD,
    LEDGER,
    PAYMENT_QUARANTINE,
    RECHARGE_DEAD,
    SUSPENSE,
)

_REJECTED: Final = "command_rejected"
_KINDS: Final = {
    DEAD.name: ("dead letter", "dead letters"),
    RECHARGE_DEAD.name: ("dead letter", "dead letters"),
    LEDGER.name: ("refused command", "refused commands"),
    SUSPENSE.name: ("suspended CDR", "suspended CDRs"),
    PAYMENT_QUARANTINE.name: ("payment result in quarantine", "payment results in quarantine"),
}
"""By topic, one and several of what is told of it."""


class _Seen(NamedTuple):
    """How many there were, and what the first says."""

    times: int
    first: str


class Troubles:
    """What a run has written that somebody should look at."""

    def __init__(self) -> None:
        """Begin with none."""
        self._seen: dict[str, _Seen] = {}

    def of_record(self, written: Line, where: str) -> None:
        """Count a record, if it is one of those; `where` says what was taken when it was written."""
        name, value = written.topic, written.value or b""
        if name not in _KINDS or (name == LEDGER.name and _REJECTED.encode() not in value):
            return
        record = orjson.loads(value)
        if name == LEDGER.name and not _is_refusal(record):
            return
        seen = self._seen.get(name)
        if seen is None:
            seen = _Seen(0, f"{where}: {_sentence(record)}")
        self._seen[name] = seen._replace(times=seen.times + 1)

    def tell(self, tell: Callable[[str], object]) -> None:
        """Show a sentence of each kind that was seen."""
        for name, (one, several) in _KINDS.items():
            if (seen := self._seen.get(name)) is not None:
                what = one if seen.times == 1 else several
                first = "" if seen.times == 1 else "the first, "
                tell(f"warning: {seen.times} {what} on {name}: {first}{seen.first}")


def _is_refusal(entry: dict[str, Any]) -> bool:
    kind: str = entry["kind"]
    source: str = entry["source_topic"]
    return kind == _REJECTED and source != ACCOUNT_TIMERS.name


def _sentence(record: dict[str, Any]) -> str:
    """Return reason and detail of a record; of a dead letter the detail says nothing of its field."""
    field = f"{record['field']}: " if record.get("field") else ""
    return f"{record['reason']}: {field}{record['detail']}"
