"""Scripts: what the simulator does with a payment method, written in its reference.

`sim:STEP,STEP,...`; a step is `WHAT`, `WHAT=VALUE` or either with `*TIMES`. Steps are used up in their order by the
commands of one tenant with this method; the last one stays. A command that is sent again gets the same answer.

| step | what happens |
|---|---|
| `ok` | captured |
| any decline code, such as `insufficient_funds`, `expired_card` | declined, hard or soft as it is |
| `delay=200ms` | captured, and answered after that time |
| `timeout` | not captured, never answered (unclear); the same command sent again takes the next step |
| `late=5s` | unclear now; captured 5 s later, which only a look-up finds |
| `webhook=5s` | unclear now; captured 5 s later, and reported without being asked |
| `duplicate` | captured, and the result reported once more |
| `out_of_order` | captured; afterwards a decline is reported, which is stale |
| `reversed` | a soft decline is answered although it is captured, which is reported afterwards |
| `refund=5s`, `half_refund=5s` | captured; 5 s later all of it, or half, is refunded, and reported |
| `refund_fails=5s` | captured; refunded after 5 s; after 5 s more the refund fails: the money is back |
| `dispute=5s`, `dispute_won=5s` | captured; disputed after 5 s, and lost; or won after 5 s more |
| `wrong_amount`, `wrong_currency` | captured, but one unit more, or in another currency |
| `429`, `500` | the request fails and nothing is remembered; the next request takes the next step |
| `random:SEED` | (alone) each command draws one of these, the same whenever it is sent |
"""

import re
from hashlib import sha256
from typing import NamedTuple

from rater.core.limits import HOUR_MS
from rater.shell.gateway.providers.simulator.declines import DECLINES

PREFIX = "sim:"
TIMES_MAX = 1_000
DURATION_MAX_MS = HOUR_MS
PLAIN = (
    "ok", "timeout", "duplicate", "out_of_order", "reversed", "wrong_amount", "wrong_currency",
    "429", "500",
)  # fmt: skip
REVERSALS = ("refund", "half_refund", "refund_fails", "dispute", "dispute_won")
TIMED = ("delay", "late", "webhook", *REVERSALS)

_STEP = re.compile(
    r"(?P<what>[a-z0-9_]+)(?:=(?P<n>[0-9]{1,7})(?P<unit>ms|s))?(?:\*(?P<times>[0-9]{1,4}))?"
)
_RANDOM = re.compile(r"sim:random:[\x21-\x7e]{1,64}")


class Step(NamedTuple):
    """One step; `ms` is the duration of those that have one."""

    what: str
    ms: int = 0


_MIXTURE = (
    (45, Step("ok")),
    (15, Step("delay", 150)),
    (10, Step("insufficient_funds")),
    (5, Step("expired_card")),
    (5, Step("late", 1_000)),
    (5, Step("webhook", 1_000)),
    (5, Step("duplicate")),
    (5, Step("429")),
    (5, Step("500")),
)
"""Of `random`, in hundredths. A command that draws 429 or 500 meets it once, then is captured."""


def is_random(method: str) -> bool:
    """Say whether a method draws anew for each command."""
    return bool(_RANDOM.fullmatch(method))


def draw(method: str, command_id: str) -> Step:
    """Return what a command draws with a random method."""
    number = int.from_bytes(sha256(f"{method}/{command_id}".encode()).digest()[:8], "big") % 100
    for share, step in _MIXTURE:
        number -= share
        if number < 0:
            return step
    raise AssertionError("the shares are a hundred")


def read_script(method: str) -> tuple[Step, ...] | None:
    """Return the steps of a method, repetitions written out; None where it is no script."""
    if not method.startswith(PREFIX):
        return None
    steps: list[Step] = []
    for text in method.removeprefix(PREFIX).split(","):
        read = _read_step(text)
        if read is None or len(steps) + len(read) > TIMES_MAX:
            return None
        steps += read
    return tuple(steps)


def _read_step(text: str) -> list[Step] | None:
    match = _STEP.fullmatch(text)
    if match is None:
        return None
    what, ms, times = match["what"], _duration_ms(match["n"], match["unit"]), match["times"]
    known = what in TIMED if match["n"] else what in PLAIN or what in DECLINES
    if not known or ms > DURATION_MAX_MS or (times and not 1 <= int(times) <= TIMES_MAX):
        return None
    return [Step(what, ms)] * int(times or 1)


def _duration_ms(number: str | None, unit: str | None) -> int:
    return int(number or 0) * (1_000 if unit == "s" else 1)
