"""Breaker: limits on what an account spends, which stop paid calls and recharge until somebody has looked (fraud).

Rule 1: spend per hour is what was charged in the clock hour (of stream time) of the account's last charge, and of the
        hour before it the share that still lies within 60 minutes, as if it had been spent evenly. A charge that comes
        late counts in the present hour.
Rule 2: cost per call is what one call costs.
Rule 3: a destination is a prefix; it is high-rate where a minute of the call was priced at the rate set or above, and
        new unless the account has called it before: the last 256 high-rate ones are remembered. More new ones than
        allowed in rolling 24 hours pass the limit.
Rule 4: the charge that passes a limit is charged, and so is what still comes; one of no money passes none. After it
        the entry says what is denied: all paid calls by spend per hour, else those of the call's class. A limit that
        has tripped does not trip again until recharge is resumed; the counters then start anew.
Rule 5: a class is guessed from what a CDR says: which is which, `topics.fields.CallClass` says.
"""

from typing import Final

from rater.core.account.account import HighRateWatch, Spending
from rater.core.account.status import paid_calls
from rater.core.call_classes import ALL_PAID, PAID_CALLS
from rater.core.call_types import is_conference
from rater.core.cdr import Cdr
from rater.core.limits import AMOUNT_MICROS_MAX, DAY_MS, HIGH_RATE_KNOWN_MAX, HOUR_MS
from rater.core.pricing.components.usage import KIND as USAGE
from topics.records import Charge, LimitKind, SpendLimitTripped

SPEND_PER_HOUR: Final[LimitKind] = "spend_per_hour"
COST_PER_CALL: Final[LimitKind] = "cost_per_call"
NEW_DESTINATIONS: Final[LimitKind] = "new_destinations"
LIMITS: Final = (SPEND_PER_HOUR, COST_PER_CALL, NEW_DESTINATIONS)
"""In the order in which they are looked at; a bit of `tripped` each."""

_NANOS_PER_MICRO: Final = 1_000


def note_spend(spending: Spending, micros: int, at_ms: int) -> None:
    """Count a charge."""
    hour = at_ms // HOUR_MS
    if hour > spending.hour:
        spending.spent_before = spending.spent if hour == spending.hour + 1 else 0
        spending.spent = 0
        spending.hour = hour
    spending.spent += micros


def note_destination(high_rate: HighRateWatch, entry: Charge) -> None:
    """Remember a high-rate destination that is new."""
    if is_new_destination(high_rate, entry):
        high_rate.known = [*high_rate.known, entry.prefix or ""][-HIGH_RATE_KNOWN_MAX:]
        # One more than is allowed says all.
        high_rate.fresh_ms = [*high_rate.fresh_ms, entry.at_ms][-high_rate.most - 1 :]


def is_new_destination(high_rate: HighRateWatch, entry: Charge) -> bool:
    """Say whether a charge is for a high-rate destination that the account has not called before."""
    if entry.prefix is None or entry.prefix in high_rate.known:
        return False
    least_nanos = high_rate.rate * _NANOS_PER_MICRO
    for line in entry.lines:
        rate = line.rate_nanos
        if line.kind == USAGE and (
            any(span.rate_nanos * 60 >= least_nanos * span.per_s for span in line.spans)
            or (rate is not None and rate * 60 >= least_nanos * line.per)
        ):
            return True
    return False


def spent_in_an_hour(spending: Spending, at_ms: int) -> int:
    """Return what was spent in the 60 minutes before an instant."""
    gone_ms = min(max(at_ms - spending.hour * HOUR_MS, 0), HOUR_MS)
    return spending.spent + spending.spent_before * (HOUR_MS - gone_ms) // HOUR_MS


def passed(spending: Spending, entry: Charge, is_new: bool) -> list[tuple[LimitKind, int, int]]:  # noqa: FBT001
    """Return the limits that a charge has passed and that had not tripped: name, limit, what was found."""
    found: list[tuple[LimitKind, int, int]] = []
    if not spending.tripped & 1:
        spent = spent_in_an_hour(spending, entry.at_ms)
        if spent > spending.limit:
            found.append((SPEND_PER_HOUR, spending.limit, min(spent, AMOUNT_MICROS_MAX)))
    if not spending.tripped & 2 and 0 < spending.cost_limit < entry.charge_micros:
        found.append((COST_PER_CALL, spending.cost_limit, entry.charge_micros))
    high_rate = spending.high_rate
    if not spending.tripped & 4 and is_new and high_rate is not None:
        fresh = sum([1 for at_ms in high_rate.fresh_ms if at_ms > entry.at_ms - DAY_MS])
        if fresh > high_rate.most:
            found.append((NEW_DESTINATIONS, high_rate.most, fresh))
    return found


def denied_by(limit: str, cdr: Cdr, country: str, home: str | None) -> tuple[str, ...]:
    """Return the classes of calls that a limit denies when a call has passed it."""
    return PAID_CALLS if limit == SPEND_PER_HOUR else (class_of(cdr, country, home),)


def class_of(cdr: Cdr, country: str, home: str | None) -> str:
    """Return the class of a paid call; `country` is that of the number called, empty where the deck does not say.

    `home`: where it is made, as far as that is known (`user.usage_country_of`).
    """
    if cdr.direction == "in":
        return "toll_free"
    if is_conference(cdr.call_type):
        return "conference_dial_out"
    return "overage" if country and country == home else "international"


def hold(spending: Spending, entry: SpendLimitTripped) -> None:
    """Deny what an entry says."""
    for n, name in enumerate(PAID_CALLS):
        if name in entry.denied:
            spending.held |= 1 << n
    spending.tripped |= 1 << LIMITS.index(entry.limit)


def held_calls(spending: Spending) -> tuple[str, ...]:
    """Return the classes that are denied."""
    return paid_calls(spending.held & ALL_PAID)


def resume(spending: Spending) -> None:
    """Allow all again, and count from nothing."""
    spending.held = spending.tripped = 0
    spending.spent = spending.spent_before = 0
    if spending.high_rate is not None:
        spending.high_rate.fresh_ms = []
