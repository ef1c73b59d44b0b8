"""Entries: what a ledger says of a tenant, selected, and told in a line each.

An entry is taken as it was written, of whatever kind: one that a later version writes is shown, too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rater.core.call_types import consumer_of
from rater.core.limits import DAY_MS, HOUR_MS
from rater.core.times import to_text
from rater.views.amounts import money
from rater.views.columns import Row
from rater.wire.pricing.amounts import format_micros

Said = Mapping[str, Any]
"""An entry as it was written."""

AHEAD_MS: Final = HOUR_MS
"""What a record's time may be ahead of the clock when it is written (the topics allow no more)."""
LATE_MS: Final = 31 * DAY_MS
"""No record waits longer for charging: its topic has lost it by then."""
HEAD: Final[Row] = ("seq", "time", "kind", "amount", "balance", "what")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySelection:
    """What an entry must be like; what is None or empty says nothing."""

    kinds: frozenset[str] = frozenset()
    from_ms: int | None = None
    """Its `at_ms` is this or later."""
    until_ms: int | None = None
    """Its `at_ms` is before this."""
    user: str | None = None
    """Whose call was charged, or who was set."""
    cdr_id: str | None = None

    @property
    def written_from_ms(self) -> int | None:
        """Return a time before which no such entry was written."""
        return None if self.from_ms is None else self.from_ms - AHEAD_MS

    @property
    def written_until_ms(self) -> int | None:
        """Return a time after which no such entry was written."""
        return None if self.until_ms is None else self.until_ms + LATE_MS

    def has(self, entry: Said) -> bool:
        """Tell whether an entry is meant."""
        at_ms = entry["at_ms"]
        return (
            (not self.kinds or entry["kind"] in self.kinds)
            and (self.from_ms is None or at_ms >= self.from_ms)
            and (self.until_ms is None or at_ms < self.until_ms)
            and self.cdr_id in {None, entry.get("cdr_id"), _waits(entry)}
            and self.user in {None, entry.get("user_id"), consumer(entry)}
        )


def _waits(entry: Said) -> str | None:
    """Return the call that an order was refused for, since it waits on."""
    waits: Said | None = entry.get("waits")
    return None if waits is None else str(waits["cdr_id"])


def consumer(entry: Said) -> str | None:
    """Return whose call an entry charges; None: nobody's is named, or it charges none."""
    call: Said | None = entry.get("call")
    if call is None:
        return None
    return consumer_of(call.get("call_type"), call.get("user_id"), call.get("organizer_id"))


def row_of(entry: Said) -> Row:
    """Return an entry for people."""
    currency = entry.get("currency")
    return (
        str(entry["seq"] or "-"),
        to_text(entry["at_ms"]),
        entry["kind"],
        money(entry.get("amount_micros"), currency),
        money(entry.get("balance_micros"), currency),
        what(entry),
    )


def what(entry: Said) -> str:
    """Return in a few words what an entry is about."""
    tell = _TELL.get(entry["kind"])
    return str(entry.get("command_id", "")) if tell is None else tell(entry)


def paid_by(entry: Said) -> str:
    """Return what pays a charge, in order.

    >>> paid_by({"draws": [{"id": "L1", "amount_micros": 40_000}, {"source": "shortfall", "amount_micros": 5_000}]})
    'L1 0.04, debt 0.005'
    """
    return ", ".join(_paid(draw) for draw in entry.get("draws", ()))


def _paid(draw: Said) -> str:
    source = draw.get("source", "lot")
    if source == "pool":
        return f"{draw['id']} {draw['quantity']} s"
    names = {"lot": draw.get("id"), "post_paid": f"owed of {draw.get('id')}", "shortfall": "debt"}
    return f"{names.get(source, source)} {format_micros(draw['amount_micros'])}"


def _charge(entry: Said) -> str:
    call, reason = entry["call"], entry.get("reason")
    said = [entry["cdr_id"], f"to {call['to']}", f"{call['duration_s']} s"]
    if entry.get("version", 1) > 1:
        said.insert(1, f"version {entry['version']}")
    if destination := entry.get("destination"):
        said.insert(-1, f"({destination})")
    if reason:
        said.append(f"free: {reason}")
    if paid := paid_by(entry):
        said.append(f"by {paid}")
    if waited := entry.get("waited"):
        said.append(f"waited since {to_text(waited['at_ms'])} ({waited['reason']})")
        said.append(asked(waited.get("by"), waited.get("why"), entry.get("job_id")))
    elif entry.get("generation"):
        said.append(f"rated again, {asked(None, None, entry.get('job_id'))}")
    return " ".join(each for each in said if each)


def asked(by: str | None, why: str | None, job_id: str | None) -> str:
    """Return who asked for an entry, as a part of which job, and why, as far as it says so.

    >>> asked("ann", "The deck was wrong.", "march")
    'asked by ann, job march: The deck was wrong.'
    """
    who = [f"asked by {by}"] if by else []
    who += [f"job {job_id}"] if job_id else []
    return ", ".join(who) + (f": {why}" if why else "")


def _charge_reversed(entry: Said) -> str:
    back = format_micros(entry["reversed_micros"])
    said = f"{entry['cdr_id']} version {entry['version']}, charged {back}, by a {entry['by']}"
    who = asked(entry.get("actor"), entry.get("why"), entry.get("job_id"))
    return f"{said}, {who}" if who else said


def _lot(entry: Said) -> str:
    lot: Said | None = entry.get("lot")
    if lot is None:
        return ""
    given = "promotional lot" if lot.get("category") == "promotional" else "lot"
    return f"{given} {lot['lot_id']} until {to_text(lot['expires_ms'])}"


def _adjusted(entry: Said) -> str:
    return ", ".join(each for each in (entry["reason"], _lot(entry)) if each)


def _payment(entry: Said) -> str:
    return f"{entry['reversal']} {entry['reversal_id']} of payment {entry['payment_id']}"


def _lot_expired(entry: Said) -> str:
    return f"lot {entry['lot_id']}, late calls until {to_text(entry['grace_until_ms'])}"


def _lot_forfeited(entry: Said) -> str:
    return f"lot {entry['lot_id']}, {format_micros(entry['forfeited_micros'])} gone"


def _lot_warned(entry: Said) -> str:
    left = format_micros(entry["remaining_micros"])
    return f"lot {entry['lot_id']}, {left} left, expires in {entry['days']} days"


def _rejected(entry: Said) -> str:
    said = f"{entry['command_type']} {entry['command_id']}: {entry['reason']}"
    return f"{said}, {entry['detail']}" if entry["detail"] else said


def _dropped(entry: Said) -> str:
    waited = entry["waited"]
    who = asked(waited.get("by"), waited.get("why"), entry.get("job_id"))
    return f"{entry['cdr_id']} version {entry['version']}, waited for {waited['reason']}, {who}"


def _month(entry: Said) -> str:
    return f"month from {to_text(entry['month_ms'])}"


def _user(entry: Said) -> str:
    return f"{entry['user_id']} from {to_text(entry['valid_from_ms'])}"


_TELL: Final[Mapping[str, Callable[[Said], str]]] = {
    "charge": _charge,
    "charge_reversed": _charge_reversed,
    "funds_added": _lot,
    "adjusted": _adjusted,
    "payment_reversed": _payment,
    "payment_restored": _payment,
    "lot_expired": _lot_expired,
    "lot_forfeited": _lot_forfeited,
    "lot_expiry_warned": _lot_warned,
    "command_rejected": _rejected,
    "call_dropped": _dropped,
    "balance_carried_forward": _month,
    "user_set": _user,
}
"""Of all other kinds the command is told."""
