"""Schedule: what is done to whom, and after which wait; the same seed gives the same schedule.

Failpoints are those of the registry of the services: a new one is in the next schedule by itself. A seed does not fix
what processes do meanwhile: the same schedule may pass where it has failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from loadtest.circle.services import NAMES
from rater.shell.process.failpoints import (
    FAILPOINTS,
    GATEWAY_FAILPOINTS,
    NOTIFIER_FAILPOINTS,
    RECHARGE_FAILPOINTS,
)

PLACES: Final = {
    "charging": FAILPOINTS,
    "recharge": RECHARGE_FAILPOINTS,
    "gateway": GATEWAY_FAILPOINTS,
    "notifier": NOTIFIER_FAILPOINTS,
}
"""By service: where it kills itself."""
BROKER: Final = "broker"
AT_PLACE, KILL, STOP, PAUSE, TWIN = "at a place", "kill", "stop", "pause", "twin"
"""SIGKILL at a failpoint, SIGKILL at any moment, SIGTERM, SIGSTOP beyond the session's time-out, and a second instance
that joins and leaves."""
_SERVICE_KINDS: Final = (KILL, KILL, KILL, STOP, PAUSE, TWIN)
_BROKER_KINDS: Final = (KILL, PAUSE)
_BROKER_SHARE: Final = 0.08
_COUNTS: Final = (1, 1, 1, 2, 4, 8)
"""Which passing of a failpoint is the last: of rare ones there is no second."""
_WAIT_MAX_S: Final = 1.5


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that is done."""

    kind: str
    whom: str
    wait_s: float
    """Before it."""
    place: str = ""
    """Of a failpoint: its name and how often it is passed, as the services read it."""

    def __str__(self) -> str:
        """Return it as it is printed."""
        where = f" {self.place}" if self.place else ""
        return f"{self.kind}{where} of {self.whom} after {self.wait_s:.2f} s"


def schedule(seed: int, number: int) -> tuple[Deed, ...]:
    """Return so many deeds: every failpoint once before any comes again, about half of all, the rest at random."""
    random = Random(f"chaos {seed}")
    all_places = [(name, place) for name, places in PLACES.items() for place in places]
    bag: list[tuple[str, str]] = []
    found = []
    for _ in range(number):
        wait_s = round(random.uniform(0.0, _WAIT_MAX_S), 2)
        if random.random() < 0.5:
            bag = bag or random.sample(all_places, len(all_places))
            whom, place = bag.pop()
            found.append(Deed(AT_PLACE, whom, wait_s, f"{place}:{random.choice(_COUNTS)}"))
        elif random.random() < _BROKER_SHARE:
            found.append(Deed(random.choice(_BROKER_KINDS), BROKER, wait_s))
        else:
            found.append(Deed(random.choice(_SERVICE_KINDS), random.choice(NAMES), wait_s))
    return tuple(found)
