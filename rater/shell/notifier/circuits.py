"""Circuit breakers: a URL that fails again and again is left alone for a time, then asked once.

Closed, all goes through. After FAILURES in a row it is open: nothing is sent for a time, which doubles with each
opening that follows. Then one delivery may try (half open): its success closes the circuit, its failure opens it
again. A circuit is of one tenant and one URL: nobody can open another's.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final, Literal

from yarl import URL

log = logging.getLogger(__name__)

State = Literal["closed", "open", "half_open"]

FAILURES: Final = 5
FIRST_OPEN_S: Final = 30.0
LONGEST_OPEN_S: Final = 300.0
CIRCUITS_MAX: Final = 10_000
"""Circuits remembered; the one that was used longest ago goes first."""


@dataclass(slots=True)
class Circuit:
    """What is known of one URL that has failed."""

    failures: int = 0
    openings: int = 0
    state: State = "closed"
    until: float = 0.0


class Circuits:
    """The circuits of all URLs that have failed lately; `changed` hears of each change, and how many are open."""

    def __init__(
        self, changed: Callable[[State, int], None], clock: Callable[[], float] = monotonic
    ) -> None:
        """All are closed."""
        self._changed = changed
        self._clock = clock
        self._circuits: OrderedDict[tuple[str, str], Circuit] = OrderedDict()

    def may_try(self, tenant_id: str, url: str) -> bool:
        """Say whether to try now; a circuit whose time is over lets one through, which must be answered for."""
        circuit = self._circuits.get((tenant_id, url))
        if circuit is None or circuit.state == "closed":
            return True
        if self._clock() < circuit.until:
            return False
        # Who probes and is cut short does not answer: after the same time another may.
        circuit.until = self._clock() + FIRST_OPEN_S
        self._set(circuit, "half_open")
        return True

    def succeeded(self, tenant_id: str, url: str) -> None:
        """Note an answer that was no failure of the receiver."""
        circuit = self._circuits.pop((tenant_id, url), None)
        if circuit is not None and circuit.state != "closed":
            log.warning(
                "webhooks of %(tenant_id)s to %(host)s: answers again",
                {"tenant_id": tenant_id, "host": URL(url).host},
            )
            self._set(circuit, "closed")

    def failed(self, tenant_id: str, url: str) -> None:
        """Note a failure."""
        circuit = self._circuits.setdefault((tenant_id, url), Circuit())
        self._circuits.move_to_end((tenant_id, url))
        circuit.failures += 1
        if circuit.state == "half_open" or (
            circuit.state == "closed" and circuit.failures >= FAILURES
        ):
            open_s = min(FIRST_OPEN_S * 2**circuit.openings, LONGEST_OPEN_S)
            circuit.openings = min(circuit.openings + 1, 10)
            circuit.until = self._clock() + open_s
            log.warning(
                "webhooks of %(tenant_id)s to %(host)s: %(failures)d failures in a row,"
                " none is sent for %(open_s).0f s",
                {
                    "tenant_id": tenant_id,
                    "host": URL(url).host,
                    "failures": circuit.failures,
                    "open_s": open_s,
                },
            )
            self._set(circuit, "open")
        while len(self._circuits) > CIRCUITS_MAX:
            self._circuits.popitem(last=False)

    def _set(self, circuit: Circuit, state: State) -> None:
        circuit.state = state
        self._changed(state, sum(each.state != "closed" for each in self._circuits.values()))
