"""Conservation: what the entries of a batch say of money, held against what its accounts hold before and after (I1).

Two ways to one figure, by currency. What was moved is added up from what entries say: of a charge its price, of all
others the amount in their own words. What was gained is what lots hold and what is owed as debt, looked at when an
account is touched and again when the batch is decided; no entry is asked for that.
Cost: one look at its lots for each account touched, and nothing for a charge that lots or debt pay.
"""

from typing import Final, final

from rater.core.account.account import Account
from rater.core.account.journal import Journal
from rater.core.pricing.plans.funding import POOL
from topics import records as r

_POST_PAID: Final = "post_paid"


@final
class Moved:
    """Micros of one currency that entries say were moved; the names are those of `CurrencySums`."""

    __slots__ = (
        *("adjusted", "charge_reversed", "charged", "forfeited", "funds_added"),
        *("owed", "payment_restored", "payment_reversed", "waived"),
    )

    def __init__(self) -> None:
        self.funds_added = 0
        self.adjusted = 0
        self.charged = 0
        self.charge_reversed = 0
        self.payment_reversed = 0
        self.payment_restored = 0
        self.forfeited = 0
        self.owed = 0
        self.waived = 0

    def total(self) -> int:
        """Return by how much accounts must hold more."""
        came = self.funds_added + self.adjusted + self.charge_reversed + self.payment_restored
        return came - self.charged - self.payment_reversed - self.forfeited


@final
class Gained:
    """What accounts of one currency hold more than before, in micros."""

    __slots__ = ("held", "in_grace", "unlike")

    def __init__(self) -> None:
        self.held = 0
        self.in_grace = 0
        """So much of it in lots in grace."""
        self.unlike = 0
        """By how much balances are not what live lots hold, less the debt (I5)."""


@final
class Touched:
    """An account as it was when the batch touched it."""

    __slots__ = ("account", "held", "in_grace")

    def __init__(self, account: Account, held: int, in_grace: int) -> None:
        self.account: Final = account
        self.held: Final = held
        self.in_grace: Final = in_grace


@final
class Conservation:
    """The books of one batch, kept beside its decision."""

    def __init__(self) -> None:
        self.moved: Final[dict[str, Moved]] = {}
        """By currency."""
        self._touched: Final[list[Touched]] = []
        self._gained: dict[str, Gained] | None = None

    def touch(self, account: Account) -> None:
        """Note what an account holds before the batch changes it."""
        in_grace = in_grace_of(account)
        self._touched.append(Touched(account, live_of(account) + in_grace, in_grace))

    def opened(self, account: Account) -> None:
        """Note an account that was not there before."""
        self._touched.append(Touched(account, 0, 0))

    def charges(self, journal: Journal) -> None:
        """Add the charges of a journal: whoever is not asked to pay now is no account."""
        for currency, micros in journal.charged.items():
            self._of(currency).charged += micros
        for currency, micros in journal.owed.items():
            moved = self._of(currency)
            moved.charged -= micros
            moved.owed += micros
        for currency, micros in journal.waived.items():
            moved = self._of(currency)
            moved.charged -= micros
            moved.waived += micros

    def entry(self, entry: object) -> None:
        """Add an entry that is no charge."""
        if isinstance(entry, r.FundsAdded):
            self._of(entry.currency).funds_added += entry.amount_micros
        elif isinstance(entry, r.Adjusted):
            self._of(entry.currency).adjusted += entry.amount_micros
        elif isinstance(entry, r.LotForfeited):
            self._of(entry.currency).forfeited += entry.forfeited_micros
        elif isinstance(entry, r.ReversalPosted):
            self._of(entry.currency).payment_reversed += entry.moved_micros
        elif isinstance(entry, r.RestorationPosted):
            self._of(entry.currency).payment_restored += entry.moved_micros
        elif isinstance(entry, r.ChargeReversed):
            self._taken_back(entry)

    def gained(self) -> dict[str, Gained]:
        """Return by currency what the accounts touched hold more than before, once all is decided."""
        if self._gained is not None:
            return self._gained
        self._gained = found = {}
        for touched in self._touched:
            account = touched.account
            currency = account.currency
            if currency not in found:
                found[currency] = Gained()
            gained = found[currency]
            live, in_grace = live_of(account), in_grace_of(account)
            gained.held += live + in_grace - touched.held
            gained.in_grace += in_grace - touched.in_grace
            gained.unlike += abs(live - account.balance)
        return found

    def differences(self) -> dict[str, int]:
        """Return by how much, in micros, the two ways differ, for each currency that was touched; all must be 0."""
        gained = self.gained()
        differing = {currency: each.unlike for currency, each in gained.items()}
        for currency in gained.keys() | self.moved.keys():
            held = gained[currency].held if currency in gained else 0
            moved = self.moved[currency].total() if currency in self.moved else 0
            differing[currency] = differing.get(currency, 0) + abs(held - moved)
        return differing

    def _taken_back(self, entry: r.ChargeReversed) -> None:
        moved = self._of(entry.currency)
        for back in entry.returns:
            if back.source == _POST_PAID:
                moved.owed -= back.amount_micros or 0
            elif back.source != POOL:
                moved.charge_reversed += back.amount_micros or 0
        if entry.lot is not None:
            moved.charge_reversed += entry.lot.granted_micros

    def _of(self, currency: str) -> Moved:
        if currency not in self.moved:
            self.moved[currency] = Moved()
        return self.moved[currency]


def live_of(account: Account) -> int:
    """Return what live lots hold, less the debt: what the balance must be."""
    held = -account.debt
    for lot in account.lots:
        held += lot.remaining
    return held


def in_grace_of(account: Account) -> int:
    """Return what lots in grace hold."""
    held = 0
    for lot in account.expired:
        held += lot.remaining
    return held
