"""Credits: whether an account has any, since when, and in which currency, folded from its ledger.

Without credits its entries say the code of no currency, it has no decks, and nothing of it is about money. It gets them
once; what was answered before was answered without them.
"""

from collections.abc import Iterator
from typing import Any

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.account_state import NEVER_MS
from topics.fields import NO_CURRENCY

_OF_MONEY = frozenset(
    (
        *("funds_added", "adjusted", "payment_reversed", "payment_restored", "decks_set"),
        *("deck_warning", "lot_expired", "lot_forfeited", "lot_expiry_warned"),
        *("thresholds_set", "auto_recharge_set", "payment_methods_set", "recharge_resumed"),
        *("spend_limits_set", "spend_limit_tripped", "billing_mode_set"),
    )
)
"""The kinds of entry that an account without credits has none of."""
BY_DECKS = frozenset(
    (
        *("unknown_deck", "currency_mismatch", "short_number", "ambiguous_prefix", "denied"),
        *("ambiguous_origin", "no_rate", "outside_bands"),
    )
)
"""Why a call waits where decks were asked."""
LATE_MS = 3_600_000
"""A call is held against credits that were opened so long before its record: their topics have no common order."""
NO_CREDITS = "no_tenant_capability"
"""Why a call waits where there were none, and pools did not pay it whole."""


class Credits:
    """One account's, as far as the ledger has been folded."""

    def __init__(self, currency: str) -> None:
        """Begin with the currency of its first entry."""
        self.currency = currency
        self.since_ms = NEVER_MS if currency == NO_CURRENCY else 0
        """From when on it has credits, by the answers of its calls; 0: from its beginning on."""
        self._since_seq = 0

    @property
    def are_open(self) -> bool:
        """Say whether the account has credits now."""
        return self.currency != NO_CURRENCY

    def currency_at(self, seq: int) -> str:
        """Return the currency that the account had after an entry."""
        return self.currency if seq >= self._since_seq else NO_CURRENCY

    def begin(self, entry: Any) -> None:
        """Take what a month carries forward: decks before which there were none."""
        for earlier in entry.earlier_decks:
            if not earlier.decks:
                self.since_ms = earlier.until_ms

    def take(self, entry: Any) -> Iterator[Complaint]:
        """Fold one entry; complain of what it could not have been."""
        if entry.kind == "credits_opened":
            if self.are_open:
                yield Complaint("kind", "none of an account that has credits", entry.kind)
            if entry.currency == NO_CURRENCY:
                yield Complaint("currency", "a currency", entry.currency)
            self.currency, self.since_ms = entry.currency, entry.at_ms
            self._since_seq = entry.seq
            return
        if entry.currency != self.currency:
            yield Complaint("currency", self.currency, entry.currency)
        if not self.are_open and entry.kind in _OF_MONEY:
            yield Complaint("kind", "none of an account without credits", entry.kind)
        if entry.kind == "account_opened" and bool(entry.decks) != self.are_open:
            yield Complaint("decks", "some where there is a currency, and only there", entry.decks)

    def hold_refusal(self, entry: Any) -> Iterator[Complaint]:
        """Hold why a command was refused against whether there were credits then."""
        if entry.reason == ("no_credits" if self.are_open else "credits_open"):
            yield Complaint("reason", f"not that, the currency is {self.currency}", entry.reason)

    def hold_waiting(self, answered_ms: int, at_ms: int, reason: str) -> Iterator[Complaint]:
        """Hold why a call waits against whether there were credits when it was answered, as far as was known by then.

        A clock may be ahead, and so may be the answer of a call that comes before the credits.
        """
        wrong = BY_DECKS
        if answered_ms >= self.since_ms:
            wrong = frozenset((NO_CREDITS,)) if at_ms - LATE_MS > self.since_ms else frozenset()
        if reason in wrong:
            since = "never" if self.since_ms == NEVER_MS else f"from {self.since_ms} on"
            yield Complaint(
                "reason", f"not that of a call at {answered_ms}: credits {since}", reason
            )
