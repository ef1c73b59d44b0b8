"""Journal: what one batch says, in order; posting an entry is what makes it happen."""

from typing import final

from rater.core import entries as e
from rater.core.account import Account
from rater.core.applying import apply
from rater.core.entries import Occasion
from rater.core.status import note_change
from rater.core.thresholds import cross, stamp


@final
class Journal:
    """Entries, events and statuses of one batch of one partition, in the order decided."""

    __slots__ = ("entries", "events", "statuses")

    def __init__(self) -> None:
        self.entries: list[e.Entry | e.CommandRejected] = []
        self.events: list[e.Event] = []
        self.statuses: list[e.AccountStatus] = []

    def post(self, account: Account, entry: e.Entry, cause: str, cause_id: str) -> None:
        """Apply an entry to its account; say which thresholds it crosses, and the status when due."""
        before = account.balance
        apply(account, entry)
        self.entries.append(entry)
        if account.balance != before and not account.calm_from <= account.balance < account.calm_to:
            cross(account, before, Occasion(cause, cause_id, entry.at_ms), self.events)
        note_change(account, entry.at_ms, self.statuses)

    def credited(self, account: Account, lot: e.Lot, occasion: Occasion) -> None:
        """Say that money arrived; the entry that brought it has been posted."""
        head = stamp(account, "credited", occasion)
        self.events.append(e.FundsCredited(*head, lot.lot_id, lot.granted_micros))

    def expired(self, account: Account, entry: e.LotExpired, occasion: Occasion) -> None:
        """Say that a lot expired with money in it."""
        head = stamp(account, f"expired/{entry.lot_id}", occasion)
        self.events.append(e.FundsExpired(*head, entry.lot_id, -entry.amount_micros))

    def settings_changed(self, account: Account, occasion: Occasion) -> None:
        """Say that the thresholds were replaced, and evaluate them at once."""
        self.events.append(e.SettingsChanged(*stamp(account, "settings", occasion)))
        cross(account, account.balance, occasion, self.events)
