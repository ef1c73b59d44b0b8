"""Folding: a month's entries to figures; each movement of the balance is held against the entry before and its parts.

What is shown is summed up from the parts of entries (draws, lots, lines); what it must come to is the balance that the
ledger says. So a figure that is missing, or one too much, is a fault.
"""

from typing import Any, Final

from rater.views.calls import began_ms
from rater.views.entries import Said, consumer
from rater.views.statement.call_class import CountryOf, class_of
from rater.views.statement.figures import CREDITS_MAX, CallSum, Credit, Figures
from rater.views.statement.period import Cut, Period, Place
from rater.wire.pricing.amounts import format_micros

CARRIED: Final = "balance_carried_forward"
_MOVEMENTS: Final = {
    "adjusted": "adjusted",
    "payment_reversed": "reversed",
    "payment_restored": "restored",
    "charge": "calls",
    "charge_reversed": "corrections",
    "lot_expired": "expired",
}
_LISTED: Final = frozenset(("paid", "promotional", "adjusted", "reversed", "restored"))
_USAGE: Final = frozenset(("usage", "pool"))
FAULTS_MAX: Final = 100


class TakenBack:
    """Which charges of a month a correction or a void of the same month took back: found first, by a reading."""

    def __init__(self, period: Period) -> None:
        """Begin anywhere before the period's first entry."""
        self._cut = Cut(period)
        self.entry_ids: set[str] = set()

    def take(self, entry: Said) -> bool:
        """Take the next entry; return whether more may be of the month."""
        place = self._cut.place(entry["at_ms"])
        if place is Place.WITHIN and entry["kind"] == "charge_reversed":
            self.entry_ids.add(entry["reverses"])
        return place is not Place.AFTER


class Folding:
    """Takes the entries of one tenant, in order, and keeps the figures."""

    def __init__(
        self, tenant_id: str, period: Period, taken_back: set[str], country_of: CountryOf
    ) -> None:
        """Begin anywhere before the period's first entry."""
        self.figures = Figures(tenant_id, period)
        self._period = period
        self._cut = Cut(period)
        self._taken_back = taken_back
        self._country_of = country_of
        self._balance: int | None = None
        self._seq = 0

    def take(self, entry: Said) -> bool:
        """Take the next entry; return whether more may be of the month."""
        place = self._cut.place(entry["at_ms"])
        if place is Place.AFTER:
            self.figures.is_closed = True
            return False
        if "amount_micros" in entry:
            if place is Place.WITHIN:
                self._within(entry)
            self._balance, self._seq = entry["balance_micros"], entry["seq"]
        return True

    def end(self) -> Figures:
        """Return the figures, with what does not add up."""
        figures = self.figures
        if figures.opening_micros is None:
            figures.opening_micros = self._balance
        figures.closing_micros = self._balance or 0
        moved = sum(figures.movements.values())
        expected = (figures.opening_micros or 0) + moved
        if expected != figures.closing_micros:
            self._fault(
                f"opening balance and movements come to {format_micros(expected)}, the ledger says "
                f"{format_micros(figures.closing_micros)}"
            )
        self._check_calls()
        return figures

    def _within(self, entry: Said) -> None:
        figures, amount = self.figures, entry["amount_micros"]
        if figures.opening_micros is None:
            self._open(entry)
        elif entry["seq"] != self._seq + 1:
            self._fault(f"entry {entry['entry_id']} follows entry {self._seq}: some are missing")
        figures.last_seq, figures.currency = entry["seq"], entry["currency"]
        expected = (self._balance or 0) + amount
        if entry["balance_micros"] != expected:
            self._fault(
                f"entry {entry['entry_id']}: balance {format_micros(entry['balance_micros'])}, by the entry before "
                f"{format_micros(expected)}"
            )
        parts = _parts(entry)
        if parts != amount:
            self._fault(
                f"entry {entry['entry_id']}: moves {format_micros(amount)}, its parts {format_micros(parts)}"
            )
        movement = _movement(entry)
        # What is told is what the parts say: were they wrong, the sums would not meet the ledger's balance.
        figures.movements[movement] += parts
        self._tell(entry, movement)

    def _open(self, entry: Said) -> None:
        """Begin with the first entry; the balance before it is that of the entry before, or what it says itself."""
        figures = self.figures
        if self._balance is None:
            self._balance = entry["balance_micros"] - entry["amount_micros"]
        elif entry["seq"] != self._seq + 1:
            self._fault(f"entry {entry['entry_id']} follows entry {self._seq}: some are missing")
        if entry["seq"] == 1 and self._balance:
            self._fault(
                f"entry {entry['entry_id']}: a new account began with {format_micros(self._balance)}"
            )
        figures.opening_micros, figures.first_seq = self._balance, entry["seq"]

    def _tell(self, entry: Said, movement: str) -> None:
        figures, kind = self.figures, entry["kind"]
        if movement in _LISTED:
            self._credit(entry, movement)
        if kind == "charge":
            self._charge(entry)
        elif kind == "charge_reversed":
            for back in entry.get("returns", ()):
                if back.get("source") == "pool":
                    figures.pools[back["id"]] -= back["quantity"]
        elif kind == "lot_forfeited":
            figures.forfeited_micros += entry["forfeited_micros"]
        elif kind == CARRIED:
            self._carried(entry)

    def _credit(self, entry: Said, movement: str) -> None:
        figures = self.figures
        if len(figures.credits) < CREDITS_MAX:
            credit = Credit(entry["at_ms"], movement, _reference(entry), entry["amount_micros"])
            figures.credits.append(credit)
        else:
            figures.credits_left += 1

    def _charge(self, entry: Said) -> None:
        figures, call = self.figures, entry["call"]
        seconds, micros = call["duration_s"], entry["charge_micros"]
        figures.all_calls.add(seconds, micros)
        drawn = 0
        for draw in entry.get("draws", ()):
            source = draw.get("source", "lot")
            if source == "pool":
                figures.pools[draw["id"]] += draw["quantity"]
                continue
            drawn += draw["amount_micros"]
            figures.sources["grace" if draw.get("grace") else source] += draw["amount_micros"]
        lines = sum(line["amount_micros"] for line in entry.get("lines", ()))
        if drawn != micros or (entry.get("lines") and lines != micros):
            self._fault(
                f"entry {entry['entry_id']}: charged {format_micros(micros)}, drawn {format_micros(drawn)}, "
                f"lines {format_micros(lines)}"
            )
        if entry["entry_id"] in self._taken_back:
            figures.taken_back.add(seconds, micros)
            return
        self._standing(entry, seconds, micros)

    def _standing(self, entry: Said, seconds: int, micros: int) -> None:
        figures, call = self.figures, entry["call"]
        for sums, name in (
            (figures.by_class, class_of(entry, self._country_of)),
            (figures.by_user, consumer(entry) or ""),
        ):
            sums.setdefault(name, CallSum()).add(seconds, micros)
        began = began_ms(call)
        if began < self._period.from_ms:
            month = self._period.clocks.month_of(began)
            figures.late.setdefault(month, CallSum()).add(seconds, micros)
        for line in entry.get("lines", ()):
            if line["kind"] not in _USAGE:
                figures.fees[line["kind"]] += line["amount_micros"]

    def _carried(self, entry: Said) -> None:
        """Hold the balance against the lots and the debt that the month's own entry names."""
        lots = sum(lot["remaining_micros"] for lot in entry.get("lots", ()))
        if lots - entry["overdraft_micros"] != entry["balance_micros"]:
            self._fault(f"entry {entry['entry_id']}: its lots and debt do not come to its balance")

    def _check_calls(self) -> None:
        """Hold the sums by class and by user against all charges."""
        figures = self.figures
        for name, sums in (("class", figures.by_class), ("user", figures.by_user)):
            for part in ("calls", "seconds", "charge_micros"):
                told = sum(getattr(each, part) for each in sums.values())
                if told + getattr(figures.taken_back, part) != getattr(figures.all_calls, part):
                    self._fault(f"{part} by {name} are not those of all calls")
        if sum(figures.sources.values()) != figures.all_calls.charge_micros:
            self._fault("what paid the charges is not what was charged")

    def _fault(self, text: str) -> None:
        if len(self.figures.faults) < FAULTS_MAX:
            self.figures.faults.append(text)


def _movement(entry: Said) -> str:
    if entry["kind"] == "funds_added":
        return "promotional" if entry["lot"].get("category") == "promotional" else "paid"
    return _MOVEMENTS.get(entry["kind"], "other")


def _parts(entry: Said) -> int:
    """Return by how much an entry moves the balance, by its lots and draws; of other kinds what it says."""
    kind = entry["kind"]
    if kind in {"charge", "payment_reversed"}:
        return -_live(entry.get("draws", ()))
    if kind == "adjusted":
        return _granted(entry) - _live(entry.get("draws", ()))
    if kind in {"funds_added", "payment_restored"}:
        return _granted(entry)
    if kind == "charge_reversed":
        return _live(entry.get("returns", ())) + _granted(entry)
    amount: int = entry["amount_micros"]
    return amount


def _reference(entry: Said) -> str:
    """Return what names a credit in any language: a payment or its reversal, a lot, or an operator's own words."""
    if "reversal_id" in entry:
        return f"{entry['payment_id']}, {entry['reversal_id']}"
    return str(entry["reason"] if entry["kind"] == "adjusted" else entry["lot"]["lot_id"])


def _granted(entry: Said) -> int:
    lot = entry.get("lot")
    return 0 if lot is None else int(lot["granted_micros"])


def _live(draws: Any) -> int:
    """Return what draws move of a balance: those on live lots and on debt."""
    return sum(
        draw["amount_micros"]
        for draw in draws
        if draw.get("source", "lot") in {"lot", "shortfall"} and not draw.get("grace")
    )
