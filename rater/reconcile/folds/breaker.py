"""Breaker: what it must hold, worked out anew from the ledger's charges and settings.

After each charge the limits that it passes are expected, in order, as the tenant's next entries. Which class of calls a
limit denies follows from the CDR, where it is still there; whether a call was abroad, from the deck alone: not proven.
"""

from collections.abc import Iterator
from typing import NamedTuple

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.books import BalanceEntry
from rater.reconcile.folds.purse_lots import is_waived
from rater.reconcile.folds.settings_versions import SettingsVersions, Version
from rater.reconcile.reading.sources import DAY_MS, SourceCdr
from topics import records as r
from topics.fields import AMOUNT_MICROS_MAX

PAID = ("conference_dial_out", "international", "overage", "toll_free")
NO_LIMIT = 2**62
AUTO_RECHARGE = "auto_recharge"

_HOUR_MS = 3_600_000
_KNOWN_MAX = 256
BITS = {"spend_per_hour": 1, "cost_per_call": 2, "new_destinations": 4}


class Hold(NamedTuple):
    """A limit that has been passed."""

    cdr_id: str
    limit: str
    limit_micros: int
    found_micros: int


class Breaker:
    """The limits of one tenant, what counts towards them, and what is held."""

    def __init__(self, settings: SettingsVersions, currency: str) -> None:
        """Begin with the default limit of the currency."""
        self.settings = settings
        self.currency = currency
        self.trigger = 0
        self.spend_per_hour = -1
        self.cost_limit = 0
        self.high_rate: tuple[int, int] | None = None
        self.known: list[str] = []
        self.fresh_ms: list[int] = []
        self.hour = self.spent = self.spent_before = 0
        self.held = self.tripped = 0
        self.pending: list[Hold] = []
        self.decided: Version | None = None
        """The settings that decided the last charge, and so what it holds."""

    def spend_limit(self, settings: Version) -> int:
        """Return the limit an hour under settings, NO_LIMIT where there is none."""
        limit = self.spend_per_hour
        if limit < 0:
            default = settings.of(self.currency).spend_per_hour
            limit = max(default, 10 * self.trigger) if default else 0
        return min(limit, AMOUNT_MICROS_MAX) if limit else NO_LIMIT

    def version_of(self, held: r.SpendLimitTripped) -> int | None:
        """Return the version of the settings that decides what is held; None where the account does."""
        if held.limit != "spend_per_hour" or self.spend_per_hour >= 0:
            return None
        decided = self.decided or self.settings.of(held)
        return decided.version

    def take(
        self, entry: BalanceEntry, cdr: SourceCdr | None, *, has_home: bool
    ) -> Iterator[Complaint]:
        """Take an entry; `cdr` is what caused a charge or a hold, None where it is gone.

        `has_home`: it may be known where the call was made, though the CDR does not say it.
        """
        if entry.kind == "spend_limit_tripped":
            yield from self._hold(entry, cdr, has_home=has_home)
            return
        yield from self.still_pending()
        match entry.kind:
            case "charge" if not (entry.reverses or entry.waited or is_waived(entry)):
                self._charge(entry)
            case "auto_recharge_set":
                self.trigger = (entry.trigger_micros or 0) if entry.enabled else 0
            case "credits_opened":
                self.currency = entry.currency
            case "spend_limits_set":
                self._set(entry)
            case "recharge_resumed":
                said = [name for n, name in enumerate(PAID) if self.held >> n & 1]
                if list(entry.allowed) != said:
                    yield Complaint("allowed", said, entry.allowed)
                self.held = self.tripped = self.spent = self.spent_before = 0
                self.fresh_ms = []

    def still_pending(self) -> Iterator[Complaint]:
        """Complain of what should have been held by now."""
        for hold in self.pending:
            yield Complaint("kind", f"spend_limit_tripped, {hold.limit}", "another entry")
        self.pending = []

    def _set(self, entry: r.SpendLimitsSet) -> None:
        per_hour = entry.spend_per_hour_micros
        self.spend_per_hour = -1 if per_hour is None else per_hour
        self.cost_limit = entry.cost_per_call_micros
        if entry.high_rate_micros:
            self.high_rate = entry.high_rate_micros, entry.new_high_rate_destinations_max
        else:
            self.high_rate, self.known, self.fresh_ms = None, [], []

    def _charge(self, entry: r.Charge) -> None:
        if not entry.charge_micros:
            return
        hour = entry.at_ms // _HOUR_MS
        if hour > self.hour:
            self.spent_before = self.spent if hour == self.hour + 1 else 0
            self.hour, self.spent = hour, 0
        self.spent += entry.charge_micros
        self.decided = self.settings.of(entry)
        self.pending = [Hold(entry.cdr_id, *found) for found in self._passed(entry)]

    def _passed(self, entry: r.Charge) -> Iterator[tuple[str, int, int]]:
        into = min(max(0, entry.at_ms - self.hour * _HOUR_MS), _HOUR_MS)
        spent = self.spent + self.spent_before * (_HOUR_MS - into) // _HOUR_MS
        is_new = self._note_destination(entry)
        limit = self.spend_limit(self.decided or self.settings.of(entry))
        if spent > limit and not self.tripped & 1:
            yield "spend_per_hour", limit, min(spent, AMOUNT_MICROS_MAX)
        if self.cost_limit and entry.charge_micros > self.cost_limit and not self.tripped & 2:
            yield "cost_per_call", self.cost_limit, entry.charge_micros
        if self.high_rate is not None and is_new and not self.tripped & 4:
            fresh = sum(at > entry.at_ms - DAY_MS for at in self.fresh_ms)
            if fresh > self.high_rate[1]:
                yield "new_destinations", self.high_rate[1], fresh

    def _note_destination(self, entry: r.Charge) -> bool:
        """Note a high-rate destination that is new, and say whether it is."""
        if self.high_rate is None or entry.prefix is None or entry.prefix in self.known:
            return False
        rate, most = self.high_rate
        # Nanos a minute, as fractions: rate_nanos * 60 / per_s against micros.
        if not any(nanos * 60 >= rate * 1_000 * per for nanos, per in _rates(entry)):
            return False
        self.known = [*self.known, entry.prefix][-_KNOWN_MAX:]
        self.fresh_ms = [*self.fresh_ms, entry.at_ms][-(most + 1) :]
        return True

    def _hold(
        self, entry: r.SpendLimitTripped, cdr: SourceCdr | None, *, has_home: bool
    ) -> Iterator[Complaint]:
        found = Hold(entry.cdr_id, entry.limit, entry.limit_micros, entry.found_micros)
        expected = self.pending.pop(0) if self.pending else None
        if found != expected:
            yield Complaint("spend_limit_tripped", expected, tuple(found))
        version = self.version_of(entry)
        if entry.settings_version != version:
            yield Complaint("settings_version", version, entry.settings_version)
        denied = list(entry.denied)
        classes = _classes(cdr, has_home=has_home)
        allowed = [list(PAID)] if entry.limit == "spend_per_hour" else [[c] for c in classes]
        if denied not in allowed:
            yield Complaint("denied", allowed, denied)
        for name in set(denied) & set(PAID):
            self.held |= 1 << PAID.index(name)
        self.tripped |= BITS.get(entry.limit, 0)


def _rates(entry: r.Charge) -> Iterator[tuple[int, int]]:
    """Yield every rate at which a call was billed: nanos, and the seconds that they are the price of."""
    for line in entry.lines:
        if line.kind == "usage":
            yield from ((span.rate_nanos, span.per_s) for span in line.spans)
            if line.rate_nanos is not None:
                yield line.rate_nanos, line.per


def _classes(cdr: SourceCdr | None, *, has_home: bool) -> tuple[str, ...]:
    """Return the classes that a paid call may be of."""
    if cdr is None:
        return PAID
    if cdr.direction == "in":
        return ("toll_free",)
    if (cdr.call_type or "").lower().startswith("conf"):
        return ("conference_dial_out",)
    return ("international", "overage") if cdr.usage_country or has_home else ("international",)
