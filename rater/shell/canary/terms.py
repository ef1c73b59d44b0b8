"""Terms: what a canary has and does, and what each of its calls must cost: plain arithmetic, not the rater's.

Its deck has one price, 1 unit for each minute begun; its currency is XTS, which ISO 4217 keeps for tests: no breaker,
one unit as the least recharge, and its sums stand apart everywhere. It is refilled like anybody else: by 100 units,
when below 50.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from topics.fields import TEST_CURRENCY

DECK_ID: Final = "canary"
CURRENCY: Final = TEST_CURRENCY
UNIT: Final = 1_000_000
MINUTE_MICROS: Final = UNIT
"""What a minute costs by `rater/data/canary_deck.csv`."""
MINUTE_S: Final = 60
SPARE_S: Final = 29
"""By which each call is shorter than the minutes that it costs: they are rounded up."""
TO: Final = "+447700900123"
"""A number that Ofcom keeps for plays: nobody has it."""
TRIGGER: Final = 50 * UNIT
REFILL: Final = 100 * UNIT
BALANCE_MAX: Final = TRIGGER + 2 * REFILL
"""More than that no round leaves: somebody else has put money on the account."""
COUNT_CAP: Final = 100
"""Recharges in 24 hours, the most that there may be."""
MONEY_CAP: Final = 30 * COUNT_CAP * REFILL
METHOD: Final = "sim:ok"
TRIGGER_ID: Final = "auto_recharge"
"""The threshold that the trigger of recharge is."""
_ENDED_MS: Final = 1_000
"""How long ago a call has ended when it is told."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A call, and what it must cost."""

    cdr_id: str
    minutes: int

    @property
    def micros(self) -> int:
        """What it must cost."""
        return self.minutes * MINUTE_MICROS

    def record(self, tenant_id: str, now_ms: int) -> Json:
        """Return its CDR, as a platform would write it now."""
        seconds = self.minutes * MINUTE_S - SPARE_S
        ended_ms = now_ms - _ENDED_MS
        return {
            "cdr_id": self.cdr_id,
            "tenant_id": tenant_id,
            "direction": "out",
            "to": TO,
            "started_at": _moment(ended_ms - seconds * 1_000),
            "ended_at": _moment(ended_ms),
            "billsec": seconds,
        }


def minutes_to_cross(balance_micros: int) -> int:
    """Return the least minutes that take a balance from the trigger, or above, to below it."""
    return (balance_micros - TRIGGER) // MINUTE_MICROS + 1


def opening(tenant_id: str) -> Json:
    """Return the command that opens the account; its id is always the same, so that it takes effect once."""
    return _order(tenant_id, "open_account", currency=CURRENCY, decks=[DECK_ID])


def requests(tenant_id: str) -> tuple[Json, ...]:
    """Return what is asked of the account: how it is refilled, and with what; likewise."""
    caps = {"count_cap": COUNT_CAP, "money_cap_micros": MONEY_CAP}
    amounts = {"trigger_micros": TRIGGER, "amount_micros": REFILL}
    return (
        _order(tenant_id, "set_payment_methods", methods=[{"reference": METHOD}]),
        _order(tenant_id, "set_auto_recharge", enabled=True, **amounts, **caps),
    )


def _order(tenant_id: str, kind: str, **fields: Any) -> Json:
    return {"type": kind, "command_id": f"canary-1-{kind}", "tenant_id": tenant_id, **fields}


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="milliseconds")
