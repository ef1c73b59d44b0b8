"""Selection: which of the calls that wait are meant, and what is known of each of them."""

from dataclasses import dataclass
from typing import NamedTuple

from rater.core.account.account import Account
from rater.core.cdr import Cdr
from rater.core.pricing.masking import hide
from rater.core.pricing.price import price_call
from rater.core.pricing.rating import Rated
from rater.core.pricing.rules import Rules
from topics.records.open_suspense import OpenSuspense


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a call must be like; what is None or empty says nothing."""

    tenant: str | None = None
    cdr_ids: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    """Reasons, any of which."""
    deck: str | None = None
    """One of the account's."""
    to: str | None = None
    """How the number called begins."""
    until_ms: int | None = None
    """It has waited since then, or before."""

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Selection()

    def names(self, waits: "Waits") -> bool:
        """Say whether a call is meant by itself, or by what it waits for."""
        return waits.row.cdr_id in self.cdr_ids or waits.row.reason in self.waits_for

    def has(self, waits: "Waits") -> bool:
        """Say whether a call is meant."""
        row, account = waits.row, waits.account
        decks = () if account is None else account.decks
        return (
            self.tenant in {None, row.tenant_id}
            and (not self.cdr_ids or row.cdr_id in self.cdr_ids)
            and (not self.waits_for or row.reason in self.waits_for)
            and (self.deck is None or self.deck in decks)
            and (self.to is None or waits.cdr.to.startswith(self.to))
            and (self.until_ms is None or row.at_ms <= self.until_ms)
        )


class Waits(NamedTuple):
    """A call that waits."""

    row: OpenSuspense
    cdr: Cdr
    account: Account | None
    seen_ms: int | None = None
    """Of a call that waits for an operator's word, which is given: up to when the ledger says nothing of it."""

    @property
    def order(self) -> tuple[str, int, str]:
        """By tenant, and there by the time of the event."""
        return self.row.tenant_id, self.cdr.started_ms, self.row.cdr_id

    def number(self, rules: Rules, now_ms: int) -> str:
        """Return the number called, with what the settings hide hidden."""
        return hide(self.cdr.to, rules.settings.at(now_ms).number_masks)


class Stake(NamedTuple):
    """What a call costs by the decks of today, or why nobody can say."""

    micros: int | None
    currency: str
    detail: str = ""


def stake_of(waits: Waits, rules: Rules, now_ms: int) -> Stake:
    """Estimate what is at stake: the deck's price, whoever pays it."""
    account = waits.account
    if account is None:
        return Stake(None, "", "no account")
    price = price_call(waits.cdr, account.decks, account.currency, rules, rules.settings.at(now_ms))
    if isinstance(price, Rated):
        return Stake(price.charge_micros, account.currency)
    if isinstance(price, str):
        return Stake(0, account.currency, price)
    return Stake(None, account.currency, price.reason)
